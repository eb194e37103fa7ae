// The requests that wait for one model, and the choice of the one that runs next.

import { costOf, type Job, lengthOf, type QueuedRequest, tokensOf, VIRTUAL_COST } from './job.js';

/**
 * Weighted fair queueing (https://dl.acm.org/doi/10.1145/75247.75248): the next batch is led by the request whose
 * next sequence would finish first if all waiting requests were served in turn, one token at a time. So a request of
 * one text gets the same share as one of a thousand texts, and a short text runs before a long one that arrived with
 * it, but not before a long one that has already waited its turn.
 */
export class ModelQueue {
  readonly requests = new Set<QueuedRequest>();
  /** Virtual time of this model among all models: where it started, plus the tokens run for it since. */
  virtualTime = 0;
  /** Where a new request starts: the virtual time of a request that had its share of every batch so far. */
  #requestVirtualTime = 0;

  add(request: QueuedRequest): void {
    request.virtualTime = this.#requestVirtualTime;
    this.requests.add(request);
  }

  /** The job that leads the model's next batch, among those that may run. */
  leader(mayRun: (job: Job) => boolean): Job | undefined {
    let best: QueuedRequest | undefined;
    for (const request of this.requests) {
      if (!mayRun(request.jobs[0]!)) continue;
      if (!best || virtualFinish(request) < virtualFinish(best)) best = request;
    }
    return best?.jobs[0];
  }

  /** Takes out the jobs of a batch, and charges their tokens to their requests and to the model. */
  take(batch: readonly Job[]): void {
    let shares = 0;
    for (const { priority } of this.requests) shares += 1 / VIRTUAL_COST[priority];
    this.#requestVirtualTime += tokensOf(batch) / shares;
    const taken = new Set(batch);
    for (const job of batch) {
      job.request.virtualTime += costOf(job);
      job.request.tokens -= lengthOf(job);
      this.virtualTime += lengthOf(job);
    }
    for (const request of new Set(batch.map(job => job.request))) {
      request.jobs = request.jobs.filter(job => !taken.has(job));
      if (request.jobs.length === 0) this.requests.delete(request);
    }
  }
}

/** The virtual time at which the next sequence of a request would finish. */
function virtualFinish({ virtualTime, jobs }: QueuedRequest): number {
  return virtualTime + costOf(jobs[0]!);
}
