// What waits: requests, and the sequences of each that have not run yet.

import type { Sequence } from '../engine/batch.js';

export interface Submission {
  readonly model: string;
  readonly sequences: readonly Sequence[];
  /** On the clock of performance.now(). */
  readonly deadline: number;
  /** Aborted where nobody waits for the result any more. */
  readonly signal?: AbortSignal;
}

/** A submission with the share of the engine that it has had. */
export interface QueuedRequest {
  readonly submission: Submission;
  readonly enqueuedAt: number;
  /** Those that wait, the shortest first. */
  jobs: Job[];
  /** Tokens run for it, on the clock of its model's lane. */
  served: number;
  /** One of its sequences failed: the rest is of no use. */
  failed: boolean;
}

export interface Job {
  readonly request: QueuedRequest;
  readonly sequence: Sequence;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: Error) => void;
  /** Batches that it was in when the engine crashed. */
  crashes: number;
}

export function lengthOf({ sequence }: Job): number {
  return sequence.ids.length;
}

export function tokensOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, job) => sum + lengthOf(job), 0);
}

/** Nobody waits for it any more. */
export function isAbandoned({ submission, failed }: QueuedRequest, now: number): boolean {
  return failed || submission.signal?.aborted === true || submission.deadline <= now;
}
