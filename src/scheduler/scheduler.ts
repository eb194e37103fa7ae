// Keeps the engine busy: takes requests, hands their sequences over in batches, and answers.

import { EventEmitter } from 'node:events';
import { type Engine, EngineCrashed } from '../engine/engine.js';
import { DeadlinePassed, Draining, QueueFull } from './errors.js';
import { type Job, lengthOf, type QueuedRequest, type Submission, tokensOf } from './job.js';
import { Queue } from './queue.js';

export interface SchedulerOptions {
  /** Tokens in one forward pass, where setBatchTokens says no other; a longer sequence runs alone. */
  readonly batchTokens: number;
  /** Tokens that may wait; a request larger than that is still taken into an empty queue. */
  readonly queueTokens: number;
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

/** A sequence that was in two crashes may be their cause, and is given up. */
const MAX_CRASHES = 2;
/** One batch runs while the next already waits in the engine process, so that it is never idle between two. */
const BATCHES_IN_FLIGHT = 2;

/** Emits `batch` after every forward pass. */
export class Scheduler extends EventEmitter<{ batch: [BatchReport] }> {
  readonly #engine: Pick<Engine, 'run'>;
  readonly #options: SchedulerOptions;
  readonly #batchTokens = new Map<string, number>();
  readonly #queue = new Queue();
  #inFlight = 0;
  #draining = false;
  #onIdle: (() => void)[] = [];

  constructor(engine: Pick<Engine, 'run'>, options: SchedulerOptions) {
    super();
    this.#engine = engine;
    this.#options = options;
  }

  get queuedSequences(): number {
    return this.#queue.sequences;
  }

  get queuedTokens(): number {
    return this.#queue.tokens;
  }

  setBatchTokens(model: string, tokens: number): void {
    this.#batchTokens.set(model, tokens);
  }

  batchTokens(model: string): number {
    return this.#batchTokens.get(model) ?? this.#options.batchTokens;
  }

  /**
   * Runs the sequences, spread over batches as they fit; logits in their order.
   * Throws QueueFull or Draining at once, DeadlinePassed, or what the engine throws.
   */
  async submit(submission: Submission): Promise<Float32Array[]> {
    if (this.#draining) throw new Draining('shutting down');
    const tokens = submission.sequences.reduce((sum, { ids }) => sum + ids.length, 0);
    const waiting = this.#queue.tokens;
    if (waiting > 0 && waiting + tokens > this.#options.queueTokens) {
      throw new QueueFull(`${waiting} tokens wait already`);
    }
    const enqueuedAt = performance.now();
    const request: QueuedRequest = { submission, enqueuedAt, jobs: [], served: 0, failed: false };
    const results = submission.sequences.map(
      sequence =>
        new Promise<Float32Array>((resolve, reject) => {
          request.jobs.push({ request, sequence, resolve, reject, crashes: 0 });
        }),
    );
    this.#queue.add(request);
    this.#dispatch();
    return withDeadline(Promise.all(results), submission.deadline);
  }

  /** Takes nothing new; resolves when everything taken has been answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#inFlight > 0 || this.#queue.sequences > 0) {
      await new Promise<void>(resolve => this.#onIdle.push(resolve));
    }
  }

  #dispatch(): void {
    while (this.#inFlight < BATCHES_IN_FLIGHT) {
      for (const job of this.#queue.dropAbandoned(performance.now())) {
        job.reject(new DeadlinePassed('the deadline passed in the queue'));
      }
      const leader = this.#queue.leader();
      if (!leader) break;
      const budget = this.batchTokens(leader.request.submission.model);
      // What arrives while a batch runs may have to wait for it and for one more, but not for one of any length.
      if (this.#inFlight > 0 && lengthOf(leader) > budget) break;
      this.#inFlight++;
      void this.#run(this.#queue.takeBatch(leader, budget)).finally(() => {
        this.#inFlight--;
        this.#dispatch();
      });
    }
    if (this.#inFlight === 0 && this.#queue.sequences === 0) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  async #run(batch: Job[]): Promise<void> {
    const { model } = batch[0]!.request.submission;
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
        tokens: tokensOf(batch),
        seconds,
        waited: batch.map(({ request }) => (startedAt - request.enqueuedAt) / 1000),
      });
    } catch (error) {
      this.#failed(batch, error as Error);
    }
  }

  /** A crash is no fault of most of the batch: its jobs run again. */
  #failed(batch: Job[], error: Error): void {
    const again = batch.filter(job => error instanceof EngineCrashed && ++job.crashes < MAX_CRASHES);
    for (const job of batch) {
      if (again.includes(job)) continue;
      job.request.failed = true;
      job.reject(error);
    }
    this.#queue.addSuspects(again);
  }
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
