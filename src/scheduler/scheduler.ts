// Keeps the engines busy: takes requests, runs their sequences in batches, and returns the logits.

import { EventEmitter } from 'node:events';
import type { Engines } from '../engine/engines.js';
import { EngineCrashed } from '../engine/errors.js';
import { DeadlinePassed, Draining, EngineDown, QueueFull } from './errors.js';
import { type Job, lengthOf, type QueuedRequest, type Submission, tokensOf } from './job.js';
import { type Candidate, Placement, type Run } from './placement.js';
import { Queue } from './queue.js';

export interface SchedulerOptions {
  /** The most tokens in one forward pass, unless setBatchTokens sets another number. A longer sequence runs alone. */
  readonly batchTokens: number;
  /** The most tokens that may wait. An empty queue takes a request of any size. */
  readonly queueTokens: number;
}

/** One forward pass, as the metrics count it. */
export interface BatchReport {
  readonly model: string;
  readonly sequences: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Seconds that each of its sequences waited in the queue. */
  readonly waited: readonly number[];
}

/** A sequence that was in this many crashes, all but the first one alone, is taken for their cause: its request fails. */
const MAX_CRASHES = 4;

/** What the scheduler needs of the engines. */
type SchedulerEngines = Pick<Engines, 'run' | 'slots' | 'isUp' | 'downFor'> & {
  on(event: 'up', listener: () => void): unknown;
  on(event: 'down', listener: (model: string) => void): unknown;
};

/** Emits `batch` after every forward pass. */
export class Scheduler extends EventEmitter<{ batch: [BatchReport] }> {
  readonly #engines: SchedulerEngines;
  readonly #options: SchedulerOptions;
  readonly #batchTokens = new Map<string, number>();
  readonly #queue = new Queue();
  readonly #placement: Placement;
  #draining = false;
  #onIdle: (() => void)[] = [];

  constructor(engines: SchedulerEngines, options: SchedulerOptions) {
    super();
    this.#engines = engines;
    this.#options = options;
    this.#placement = new Placement(engines);
    engines.on('up', () => this.#dispatch());
    engines.on('down', model => this.#refuse(model));
  }

  /** The number of a model's waiting sequences, and their tokens in all. */
  queued(model: string): { readonly sequences: number; readonly tokens: number } {
    return this.#queue.waitingFor(model);
  }

  /** Sets the most tokens in one forward pass of a model. */
  setBatchTokens(model: string, tokens: number): void {
    this.#batchTokens.set(model, tokens);
  }

  /** The most tokens in one forward pass of a model. */
  batchTokens(model: string): number {
    return this.#batchTokens.get(model) ?? this.#options.batchTokens;
  }

  /**
   * Runs the sequences, in as many batches as it takes. Returns the logits of each, in their order.
   * Throws QueueFull, EngineDown or Draining, or an Error for an empty sequence, at once; DeadlinePassed at the deadline; and the
   * errors of Engines.run.
   */
  async submit(submission: Submission): Promise<Float32Array[]> {
    if (this.#draining) throw new Draining('shutting down');
    // An engine refuses a whole batch for an empty sequence, with the sequences of other requests in it.
    if (submission.sequences.some(({ ids }) => ids.length === 0)) {
      throw new Error('expected a token in every sequence, found none in one of them');
    }
    const down = this.#down(submission.model);
    if (down) throw down;
    const tokens = submission.sequences.reduce((sum, { ids }) => sum + ids.length, 0);
    const waiting = this.#queue.tokens;
    if (waiting > 0 && waiting + tokens > this.#options.queueTokens) {
      throw new QueueFull(`${waiting} of at most ${this.#options.queueTokens} tokens are waiting already`);
    }
    const enqueuedAt = performance.now();
    const request: QueuedRequest = { submission, enqueuedAt, jobs: [], virtualTime: 0, failed: false };
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

  /** Refuses new requests from now on. Resolves when every request taken before has been answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (!this.#placement.isIdle || this.#queue.sequences > 0) {
      await new Promise<void>(resolve => this.#onIdle.push(resolve));
    }
  }

  /** Refuses the waiting requests for a model that no engine can load. */
  #refuse(model: string): void {
    const down = this.#down(model);
    for (const job of down ? this.#queue.waiting(model) : []) {
      job.request.failed = true;
      job.reject(down!);
    }
    this.#dispatch();
  }

  #down(model: string): EngineDown | undefined {
    const milliseconds = this.#engines.downFor(model);
    return milliseconds === undefined ? undefined : new EngineDown(model, milliseconds);
  }

  /** Starts batches until the next one has to wait. */
  #dispatch(): void {
    for (;;) {
      const now = performance.now();
      for (const job of this.#queue.dropAbandoned(now)) {
        job.reject(new DeadlinePassed('the deadline passed in the queue'));
      }
      const leader = this.#leader();
      const candidate = leader && this.#candidate(leader);
      const choice = candidate && this.#placement.choose(candidate, now);
      if (!choice) break;
      const batch = this.#queue.takeBatch(leader!, choice.tokens);
      const run = this.#placement.start(candidate, choice.slot, tokensOf(batch), now);
      void this.#run(batch, run).finally(() => this.#dispatch());
    }
    if (this.#placement.isIdle && this.#queue.sequences === 0) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  /** The job whose turn it is. Long sequences are passed over while no more of them may run. */
  #leader(maxLength?: number): Job | undefined {
    const leader = this.#queue.leader(maxLength);
    if (!leader) return undefined;
    const { model } = leader.request.submission;
    const budget = this.batchTokens(model);
    return lengthOf(leader) > budget && !this.#placement.takesLong(model) ? this.#leader(budget) : leader;
  }

  #candidate(leader: Job): Candidate {
    const { model } = leader.request.submission;
    const budget = this.batchTokens(model);
    const waiting = (tokens: number) => this.#queue.lengths(model, budget, tokens);
    return { model, length: lengthOf(leader), budget, isSuspect: leader.crashes > 0, waiting };
  }

  async #run(batch: Job[], run: Run): Promise<void> {
    const { model, slot, tokens, startedAt } = run;
    let seconds: number | undefined;
    try {
      const result = await this.#engines.run(
        model,
        batch.map(job => job.sequence),
        slot,
      );
      seconds = result.seconds;
      for (const [i, job] of batch.entries()) job.resolve(result.logits[i]!);
      this.emit('batch', {
        model,
        sequences: batch.length,
        tokens,
        seconds,
        waited: batch.map(({ request }) => (startedAt - request.enqueuedAt) / 1000),
      });
    } catch (error) {
      this.#failed(batch, error as Error);
    } finally {
      this.#placement.end(run, seconds, performance.now());
    }
  }

  /**
   * Rejects the jobs of a failed batch. Most jobs of a crashed one did not cause the crash, so they run again, alone.
   */
  #failed(batch: Job[], error: Error): void {
    const isCrash = error instanceof EngineCrashed;
    const again = batch.filter(job => isCrash && (!error.wasUp || ++job.crashes < MAX_CRASHES));
    for (const job of batch) {
      if (again.includes(job)) continue;
      job.request.failed = true;
      job.reject(error);
    }
    this.#queue.addSuspects(again);
  }
}

/** Rejects with DeadlinePassed at the deadline. The queue drops the work itself at its next dispatch. */
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
