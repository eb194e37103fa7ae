// Decides which sequences run next: a queue, filled into batches within a token budget.

import { EventEmitter } from 'node:events';
import type { Sequence } from '../engine/batch.js';
import { type Engine, EngineCrashed } from '../engine/engine.js';
import { DeadlinePassed, Draining, QueueFull } from './errors.js';

export interface SchedulerOptions {
  /** Tokens in one forward pass; a longer sequence runs alone. */
  readonly batchTokens: number;
  /** Tokens that may wait; a request larger than that is still taken into an empty queue. */
  readonly queueTokens: number;
}

export interface Submission {
  readonly model: string;
  readonly sequences: readonly Sequence[];
  /** On the clock of performance.now(). */
  readonly deadline: number;
  /** Aborted where nobody waits for the result any more. */
  readonly signal?: AbortSignal;
}

/** What one forward pass was, for the metrics. */
export interface BatchReport {
  readonly model: string;
  readonly sequences: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Seconds each of its sequences waited. */
  readonly waited: readonly number[];
}

interface Job {
  readonly submission: Submission;
  readonly sequence: Sequence;
  readonly enqueuedAt: number;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: Error) => void;
  /** Batches that it was in when the engine crashed. */
  crashes: number;
}

/** A sequence that was in two crashes may be their cause, and is given up. */
const MAX_CRASHES = 2;
/** One batch runs while the next already waits in the engine process, so that it is never idle between two. */
const BATCHES_IN_FLIGHT = 2;

/** Emits `batch` after every forward pass. */
export class Scheduler extends EventEmitter<{ batch: [BatchReport] }> {
  readonly #engine: Engine;
  readonly #options: SchedulerOptions;
  #queue: Job[] = [];
  #queuedTokens = 0;
  #inFlight = 0;
  #draining = false;
  #onIdle: (() => void)[] = [];

  constructor(engine: Engine, options: SchedulerOptions) {
    super();
    this.#engine = engine;
    this.#options = options;
  }

  get queuedSequences(): number {
    return this.#queue.length;
  }

  get queuedTokens(): number {
    return this.#queuedTokens;
  }

  /**
   * Runs the sequences, spread over batches as they fit; logits in their order.
   * Throws QueueFull or Draining at once, DeadlinePassed, or what the engine throws.
   */
  async submit(submission: Submission): Promise<Float32Array[]> {
    if (this.#draining) throw new Draining('shutting down');
    const tokens = submission.sequences.reduce((sum, { ids }) => sum + ids.length, 0);
    if (this.#queuedTokens > 0 && this.#queuedTokens + tokens > this.#options.queueTokens) {
      throw new QueueFull(`${this.#queuedTokens} tokens wait already`);
    }
    const enqueuedAt = performance.now();
    const results = submission.sequences.map(
      sequence =>
        new Promise<Float32Array>((resolve, reject) => {
          this.#queue.push({ submission, sequence, enqueuedAt, resolve, reject, crashes: 0 });
        }),
    );
    this.#queuedTokens += tokens;
    this.#dispatch();
    return withDeadline(Promise.all(results), submission.deadline);
  }

  /** Takes nothing new; resolves when everything taken has been answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#inFlight > 0 || this.#queue.length > 0) {
      await new Promise<void>(resolve => this.#onIdle.push(resolve));
    }
  }

  #dispatch(): void {
    while (this.#inFlight < BATCHES_IN_FLIGHT) {
      const batch = this.#nextBatch();
      if (batch.length === 0) break;
      this.#inFlight++;
      void this.#run(batch).finally(() => {
        this.#inFlight--;
        this.#dispatch();
      });
    }
    if (this.#inFlight === 0 && this.#queue.length === 0) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  /** The oldest job and those after it for the same model, while they fit. Jobs nobody waits for are dropped. */
  #nextBatch(): Job[] {
    const batch: Job[] = [];
    const left: Job[] = [];
    let tokens = 0;
    let full = false;
    const now = performance.now();
    for (const job of this.#queue) {
      const { submission, sequence } = job;
      if (submission.signal?.aborted || submission.deadline <= now) {
        this.#queuedTokens -= sequence.ids.length;
        job.reject(new DeadlinePassed('the deadline passed in the queue'));
        continue;
      }
      const fits =
        batch.length === 0 || (tokens + sequence.ids.length <= this.#options.batchTokens && !suspect(job));
      if (!full && fits && submission.model === (batch[0] ?? job).submission.model) {
        batch.push(job);
        tokens += sequence.ids.length;
        full = suspect(job);
      } else {
        full ||= submission.model === batch[0]?.submission.model;
        left.push(job);
      }
    }
    this.#queue = left;
    this.#queuedTokens -= tokens;
    return batch;
  }

  async #run(batch: Job[]): Promise<void> {
    const { model } = batch[0]!.submission;
    const startedAt = performance.now();
    try {
      const { logits, seconds } = await this.#engine.run(
        model,
        batch.map(job => job.sequence),
      );
      for (const [i, job] of batch.entries()) job.resolve(logits[i]!);
      this.emit('batch', {
        model,
        sequences: batch.length,
        tokens: batch.reduce((sum, { sequence }) => sum + sequence.ids.length, 0),
        seconds,
        waited: batch.map(job => (startedAt - job.enqueuedAt) / 1000),
      });
    } catch (error) {
      this.#failed(batch, error as Error);
    }
  }

  /** A crash is no fault of most of the batch: its jobs go back to the front of the queue. */
  #failed(batch: Job[], error: Error): void {
    const again = batch.filter(job => error instanceof EngineCrashed && ++job.crashes < MAX_CRASHES);
    for (const job of batch) {
      if (!again.includes(job)) job.reject(error);
    }
    this.#queue.unshift(...again);
    this.#queuedTokens += again.reduce((sum, { sequence }) => sum + sequence.ids.length, 0);
  }
}

/** What was in a crash runs alone the next time, so that only its cause can meet a second one. */
function suspect(job: Job): boolean {
  return job.crashes > 0;
}

/** Rejects with DeadlinePassed at the deadline; the work itself is dropped when its turn comes. */
function withDeadline<T>(work: Promise<T>, deadline: number): Promise<T> {
  if (deadline === Number.POSITIVE_INFINITY) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DeadlinePassed('the deadline passed')),
      deadline - performance.now(),
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
