// Keeps the engine busy: takes requests, hands their sequences over in batches, and answers.

import { EventEmitter } from 'node:events';
import { EngineCrashed } from '../engine/engine.js';
import type { Engines, Place } from '../engine/engines.js';
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
/**
 * On all cores one batch runs while the next already waits in the engine process, so that they are never idle between
 * two. An engine of its own cores has one: another takes them for the moment.
 */
const BATCHES_ON_ALL = 2;

interface Next {
  readonly leader: Job;
  readonly place: Place;
  readonly tokens: number;
}

/** Emits `batch` after every forward pass. */
export class Scheduler extends EventEmitter<{ batch: [BatchReport] }> {
  readonly #engines: Pick<Engines, 'run' | 'places'>;
  readonly #options: SchedulerOptions;
  readonly #batchTokens = new Map<string, number>();
  readonly #queue = new Queue();
  readonly #inFlight = new Map<Place, number>();
  /** Engines that run a sequence of more than a budget. */
  readonly #long = new Set<Place>();
  #draining = false;
  #onIdle: (() => void)[] = [];

  constructor(engines: Pick<Engines, 'run' | 'places'>, options: SchedulerOptions) {
    super();
    this.#engines = engines;
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
    if (this.#batchesInFlight() > 0 || this.#queue.sequences > 0) {
      await new Promise<void>(resolve => this.#onIdle.push(resolve));
    }
  }

  #dispatch(): void {
    let isSpreading = false;
    for (;;) {
      for (const job of this.#queue.dropAbandoned(performance.now())) {
        job.reject(new DeadlinePassed('the deadline passed in the queue'));
      }
      const next = this.#next(isSpreading);
      if (!next) break;
      const { leader, place, tokens } = next;
      isSpreading = place !== 'all';
      this.#count(place, 1);
      if (lengthOf(leader) > this.batchTokens(leader.request.submission.model)) this.#long.add(place);
      void this.#run(this.#queue.takeBatch(leader, tokens), place).finally(() => {
        this.#count(place, -1);
        this.#long.delete(place);
        this.#dispatch();
      });
    }
    if (this.#batchesInFlight() === 0 && this.#queue.sequences === 0) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  /**
   * What runs next, of at most `longest` tokens, where, and in batches of how many; undefined where it has to wait. Long
   * sequences have all engines but one, which is left to the short ones.
   */
  #next(isSpreading: boolean, longest?: number): Next | undefined {
    const leader = this.#queue.leader(longest);
    if (!leader) return undefined;
    const { model } = leader.request.submission;
    const budget = this.batchTokens(model);
    const engines = this.#engines.places(model).filter(place => place !== 'all');
    if (engines.length === 0) return this.#nextOnAll(leader, budget);
    return lengthOf(leader) > budget && this.#long.size >= engines.length - 1
      ? this.#next(isSpreading, budget)
      : this.#nextOf(leader, budget, engines, isSpreading);
  }

  #nextOnAll(leader: Job, tokens: number): Next | undefined {
    const onAll = this.#inFlight.get('all') ?? 0;
    if (this.#batchesInFlight() > onAll || onAll >= BATCHES_ON_ALL) return undefined;
    // What arrives while a batch runs may have to wait for it and for one more, but not for one of any length.
    return onAll > 0 && lengthOf(leader) > tokens ? undefined : { leader, place: 'all', tokens };
  }

  /**
   * While little waits, all cores work on it together, which is soonest done; it waits for the engines to be idle, unless
   * one of them is at a long sequence. Else each engine does its share of what waits, the last of it as well. The two
   * never overlap.
   */
  #nextOf(leader: Job, budget: number, engines: readonly Place[], isSpreading: boolean): Next | undefined {
    if (this.#inFlight.get('all')) return undefined;
    const isLittle = lengthOf(leader) <= budget && this.#queue.tokens <= budget / 2;
    if (isLittle && !isSpreading && this.#long.size === 0) {
      return this.#batchesInFlight() === 0 ? { leader, place: 'all', tokens: budget } : undefined;
    }
    const place = engines.find(engine => !this.#inFlight.get(engine));
    const share = Math.ceil(this.#queue.tokens / engines.length);
    return place === undefined ? undefined : { leader, place, tokens: Math.min(budget, share) };
  }

  #count(place: Place, change: 1 | -1): void {
    this.#inFlight.set(place, (this.#inFlight.get(place) ?? 0) + change);
  }

  #batchesInFlight(): number {
    return [...this.#inFlight.values()].reduce((sum, batches) => sum + batches, 0);
  }

  async #run(batch: Job[], place: Place): Promise<void> {
    const { model } = batch[0]!.request.submission;
    const startedAt = performance.now();
    try {
      const { logits, seconds } = await this.#engines.run(
        model,
        batch.map(job => job.sequence),
        place,
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
