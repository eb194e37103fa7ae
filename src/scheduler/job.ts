// The work in the queue: requests, and the sequences of each request that have not run yet.

import type { Sequence } from '../engine/batch.js';

export interface Submission {
  readonly model: string;
  readonly sequences: readonly Sequence[];
  /** Milliseconds on the clock of performance.now(). */
  readonly deadline: number;
  /** Aborted when nobody waits for the result any more. */
  readonly signal?: AbortSignal;
}

/** A submission in the queue, and how far it has come. */
export interface QueuedRequest {
  readonly submission: Submission;
  /** Milliseconds on the clock of performance.now(). */
  readonly enqueuedAt: number;
  /** The sequences that have not run yet, the shortest first. */
  jobs: Job[];
  /** Virtual time within the model's queue: where the request started, plus the tokens run for it since. */
  virtualTime: number;
  /** Whether one of its sequences failed. The request fails as a whole, so its other sequences need not run. */
  failed: boolean;
}

/** One sequence of a request. */
export interface Job {
  readonly request: QueuedRequest;
  readonly sequence: Sequence;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: Error) => void;
  /** The number of batches with this sequence during which the engine crashed. */
  crashes: number;
}

/** The number of tokens in a job's sequence. */
export function lengthOf({ sequence }: Job): number {
  return sequence.ids.length;
}

/** The number of tokens in all the jobs' sequences together. */
export function tokensOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, job) => sum + lengthOf(job), 0);
}

/** Whether nobody waits for a request any more: it failed, it was aborted, or its deadline has passed. */
export function isAbandoned({ submission, failed }: QueuedRequest, now: number): boolean {
  return failed || submission.signal?.aborted === true || submission.deadline <= now;
}
