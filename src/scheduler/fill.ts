// Chooses the sequences that join a leader in its batch: sequences of similar length, and a fair share of each request.

import { costOf, type Job, lengthOf, type QueuedRequest } from './job.js';

/** Cost of a padding position, in tokens: padding goes through attention, but not through the weights. */
const PADDING_COST = 0.25;
/** Two lengths are similar where the longer one is at most this many times the shorter one. */
const SIMILAR_RATIO = 1.25;
/** No sequence of more than this many times the leader's length joins it, so that short texts do not wait for long. */
const MAX_RATIO = 2;
/** Sequences of up to this many tokens count as equally long. */
const SHORT = 32;

/**
 * Returns the leader and the sequences that fit beside it into a batch of `budget` tokens, padding included. A leader
 * that fills the budget runs alone.
 */
export function fillBatch(leader: Job, requests: Iterable<QueuedRequest>, budget: number): Job[] {
  const batch = [leader];
  let tokens = lengthOf(leader);
  let longest = tokens;
  if (tokens >= budget) return batch;
  for (const { job } of candidates(leader, requests, budget)) {
    const length = lengthOf(job);
    if (batchCost(tokens + length, batch.length + 1, Math.max(longest, length)) > budget) continue;
    batch.push(job);
    tokens += length;
    longest = Math.max(longest, length);
  }
  return batch;
}

/** Lists sequences of similar length first, and among those the sequences of requests that have had fewer tokens. */
function candidates(leader: Job, requests: Iterable<QueuedRequest>, budget: number) {
  const target = Math.max(SHORT, lengthOf(leader));
  const found: { job: Job; unlike: number; virtualTime: number }[] = [];
  for (const request of requests) {
    // Tokens that the request may still list, of similar lengths and of others. More than a budget cannot fit anyway.
    const room = [budget, budget];
    let virtualTime = request.virtualTime;
    for (const job of request.jobs) {
      const length = Math.max(SHORT, lengthOf(job));
      if (length > target * MAX_RATIO) break;
      const unlike = length * SIMILAR_RATIO < target || length > target * SIMILAR_RATIO ? 1 : 0;
      if (job === leader || room[unlike]! <= 0) continue;
      room[unlike]! -= lengthOf(job);
      virtualTime += costOf(job);
      found.push({ job, unlike, virtualTime });
    }
  }
  return found.sort((a, b) => a.unlike - b.unlike || a.virtualTime - b.virtualTime);
}

/** Tokens of a batch, plus the cost of padding each of its sequences to the longest one. */
function batchCost(tokens: number, sequences: number, longest: number): number {
  return tokens + PADDING_COST * (sequences * longest - tokens);
}
