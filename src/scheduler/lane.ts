// The requests that wait for one model, and whose turn it is among them.

import { type Job, lengthOf, type QueuedRequest, tokensOf } from './job.js';

/**
 * Weighted fair queueing (https://dl.acm.org/doi/10.1145/75247.75248): the request leads whose next sequence would be
 * finished first if all that wait were served a token at a time, in turn. One of a thousand texts shares with one of a
 * single text; a short text precedes a long one that came with it, but not one that has waited its turn.
 */
export class Lane {
  readonly requests = new Set<QueuedRequest>();
  /** Tokens run for the model, on the clock of the queue. */
  served = 0;
  /** Tokens that each of the waiting requests would have had by now, taken in turn: where a new request starts. */
  #clock = 0;

  add(request: QueuedRequest): void {
    request.served = this.#clock;
    this.requests.add(request);
  }

  /** Of at most `longest` tokens. */
  leader(longest: number): Job | undefined {
    let best: QueuedRequest | undefined;
    for (const request of this.requests) {
      if (lengthOf(request.jobs[0]!) > longest) continue;
      if (!best || servedAfter(request) < servedAfter(best)) best = request;
    }
    return best?.jobs[0];
  }

  take(batch: readonly Job[]): void {
    this.#clock += tokensOf(batch) / this.requests.size;
    const taken = new Set(batch);
    for (const job of batch) {
      job.request.served += lengthOf(job);
      this.served += lengthOf(job);
    }
    for (const request of new Set(batch.map(job => job.request))) {
      request.jobs = request.jobs.filter(job => !taken.has(job));
      if (request.jobs.length === 0) this.requests.delete(request);
    }
  }
}

function servedAfter({ served, jobs }: QueuedRequest): number {
  return served + lengthOf(jobs[0]!);
}
