// The requests that wait for one model, and whose turn it is among them.

import { type Job, lengthOf, type QueuedRequest } from './job.js';

/**
 * Fair queueing: the request leads whose next sequence would leave it with the fewest tokens served.
 * One of a thousand texts shares with one of a single text, and a short text precedes a long one.
 */
export class Lane {
  readonly requests = new Set<QueuedRequest>();
  /** Tokens run for the model, on the clock of the queue. */
  served = 0;
  /** What the request that led last had had: a new request starts from there, not from the past. */
  #clock = 0;

  add(request: QueuedRequest): void {
    request.served = this.#clock;
    this.requests.add(request);
  }

  leader(): Job | undefined {
    let best: QueuedRequest | undefined;
    for (const request of this.requests)
      if (!best || servedAfter(request) < servedAfter(best)) best = request;
    return best?.jobs[0];
  }

  take(batch: readonly Job[]): void {
    this.#clock = Math.max(this.#clock, batch[0]!.request.served);
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
