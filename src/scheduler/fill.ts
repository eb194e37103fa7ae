// Which sequences run beside the one that leads a batch: of like length, and a fair share of each request.

import { type Job, lengthOf, type QueuedRequest } from './job.js';

/** What a padded slot of the attention grid costs, in tokens: it passes through attention, not through the weights. */
const PADDING_COST = 0.25;
/** Lengths apart by no more than this factor are alike. */
const ALIKE = 1.25;
/** A batch grows no longer than its leader by more than this factor, so that a short text does not wait for a long one. */
const LONGER = 2;
/** Up to here lengths make no difference. In tokens. */
const SHORT = 32;

/** The leader and what fits beside it into `budget` tokens. A leader that fills the budget runs alone. */
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

/** Those of like length first; among them, one of a request that has had little before one that has had much. */
function candidates(leader: Job, requests: Iterable<QueuedRequest>, budget: number) {
  const target = Math.max(SHORT, lengthOf(leader));
  const found: { job: Job; unlike: number; served: number }[] = [];
  for (const request of requests) {
    const room = [budget, budget];
    let served = request.served;
    for (const job of request.jobs) {
      const length = Math.max(SHORT, lengthOf(job));
      if (length > target * LONGER) break;
      const unlike = length * ALIKE < target || length > target * ALIKE ? 1 : 0;
      if (job === leader || room[unlike]! <= 0) continue;
      room[unlike]! -= lengthOf(job);
      served += lengthOf(job);
      found.push({ job, unlike, served });
    }
  }
  return found.sort((a, b) => a.unlike - b.unlike || a.served - b.served);
}

function batchCost(tokens: number, sequences: number, longest: number): number {
  return tokens + PADDING_COST * (sequences * longest - tokens);
}
