// The work in the queue: requests, and the sequences of each request that have not run yet.

import type { Sequence } from '../engine/sequence.js';

/**
 * The class of a request. Where both wait, a token of a batch request counts as several of an interactive one, so batch
 * requests get a smaller share, but never none.
 */
export const PRIORITIES = ['interactive', 'batch'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Virtual time that one token takes. An interactive request gets eight times the share of a batch request. */
export const VIRTUAL_COST: Readonly<Record<Priority, number>> = { interactive: 1, batch: 8 };

/** A forward pass, from its start to its end in milliseconds on the clock of performance.now(). */
export interface Pass {
  readonly start: number;
  readonly end: number;
}

/** How the time from a request's arrival in the queue to its last logits divides, in milliseconds. */
export interface Timing {
  /** While at least one of its sequences was in a forward pass. */
  readonly inferenceMs: number;
  /** The rest. */
  readonly queueMs: number;
}

export interface Submission {
  readonly model: string;
  readonly sequences: readonly Sequence[];
  /** Milliseconds on the clock of performance.now(). */
  readonly deadline: number;
  /** Interactive unless it is given. */
  readonly priority?: Priority | undefined;
  /** Aborted when nobody waits for the result any more. */
  readonly signal?: AbortSignal;
  /** Called before the logits are returned. */
  readonly onTiming?: (timing: Timing) => void;
}

/** A submission in the queue, and how far it has come. */
export class QueuedRequest {
  readonly model: string;
  readonly priority: Priority;
  /** Milliseconds on the clock of performance.now(), as is `enqueuedAt`. */
  readonly deadline: number;
  readonly enqueuedAt = performance.now();
  /** Resolves to the logits of each sequence, in their order, and rejects when the request fails. */
  readonly answer: Promise<Float32Array[]>;
  /** The sequences that have not run yet, the shortest first. */
  jobs: Job[];
  /** The number of tokens in `jobs`. */
  tokens: number;
  /** Virtual time within the model's queue: where the request started, plus the cost of the tokens run for it since. */
  virtualTime = 0;
  /** Whether the answer is there, or the request has failed. Its sequences need not run any more. */
  hasEnded = false;
  readonly #onTiming: Submission['onTiming'];
  readonly #passes = new Set<Pass>();
  readonly #logits: Float32Array[] = [];
  #missing: number;
  #resolve!: (logits: Float32Array[]) => void;
  #reject!: (error: Error) => void;

  constructor({ model, sequences, deadline, priority = 'interactive', onTiming }: Submission) {
    this.#onTiming = onTiming;
    this.model = model;
    this.priority = priority;
    this.deadline = deadline;
    this.jobs = sequences
      .map((sequence, index) => ({ request: this, sequence, index, isSuspect: false, crashesAlone: 0 }))
      .sort((a, b) => lengthOf(a) - lengthOf(b));
    this.tokens = tokensOf(this.jobs);
    this.#missing = this.jobs.length;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Takes the logits of one of its sequences, and the forward pass that computed them. */
  deliver({ index }: Job, logits: Float32Array, pass: Pass): void {
    this.#logits[index] = logits;
    this.#passes.add(pass);
    if (--this.#missing > 0) return;
    this.hasEnded = true;
    const inferenceMs = coveredBy([...this.#passes]);
    // The times of passes are measured by another process.
    this.#onTiming?.({ inferenceMs, queueMs: Math.max(0, pass.end - this.enqueuedAt - inferenceMs) });
    this.#resolve(this.#logits);
  }

  fail(error: Error): void {
    this.hasEnded = true;
    this.#reject(error);
  }
}

/** One sequence of a request. */
export interface Job {
  readonly request: QueuedRequest;
  readonly sequence: Sequence;
  /** Its place among the request's sequences. */
  readonly index: number;
  /** Whether it was in a batch that failed. From then on it runs alone. */
  isSuspect: boolean;
  /** The number of crashes while it ran alone. */
  crashesAlone: number;
}

/** The number of tokens in a job's sequence. */
export function lengthOf({ sequence }: Job): number {
  return sequence.ids.length;
}

/** The number of tokens in all the jobs' sequences together. */
export function tokensOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, job) => sum + lengthOf(job), 0);
}

/** The virtual time that a job's sequence takes. */
export function costOf(job: Job): number {
  return lengthOf(job) * VIRTUAL_COST[job.request.priority];
}

/** The milliseconds during which at least one of the passes ran. */
function coveredBy(passes: readonly Pass[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { start, end } of passes.toSorted((a, b) => a.start - b.start)) {
    covered += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return covered;
}
