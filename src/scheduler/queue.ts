// All waiting sequences, and the choice of the one that leads the next batch, which is fair to models and requests.

import { fillBatch } from './fill.js';
import { type Job, lengthOf, type QueuedRequest, tokensOf } from './job.js';
import { ModelQueue } from './modelQueue.js';

/** One in this many batches is led by the request that has waited longest, whatever the length of its sequences. */
export const OLDEST_EVERY = 4;

export class Queue {
  /** The waiting requests of each model, by its name. */
  readonly #modelQueues = new Map<string, ModelQueue>();
  /** All waiting requests, in order of arrival. */
  readonly #requests = new Set<QueuedRequest>();
  /** The waiting requests that have a deadline, in the order of deadlines. */
  readonly #byDeadline: QueuedRequest[] = [];
  /** Sequences that were in a crash. Each runs alone, so that only the cause of the crash can meet a second one. */
  #suspects: Job[] = [];
  #tokens = 0;
  #batches = 0;
  /** Virtual time of the model that ran last. A model that was idle resumes here, so it earns no credit for idling. */
  #virtualTime = 0;

  /** The number of tokens in all waiting sequences. */
  get tokens(): number {
    return this.#tokens;
  }

  /** The models for which something waits. */
  get models(): readonly string[] {
    const suspects = this.#suspects.map(({ request }) => request.model);
    const others = [...this.#modelQueues].filter(([, { requests }]) => requests.size > 0);
    return [...new Set([...suspects, ...others.map(([model]) => model)])];
  }

  /** The waiting requests that have a deadline, in the order of deadlines. */
  get byDeadline(): readonly QueuedRequest[] {
    return this.#byDeadline;
  }

  add(request: QueuedRequest): void {
    if (request.jobs.length === 0) return;
    const { model, deadline } = request;
    const modelQueue = this.#modelQueues.get(model) ?? new ModelQueue();
    this.#modelQueues.set(model, modelQueue);
    if (modelQueue.requests.size === 0) {
      modelQueue.virtualTime = Math.max(modelQueue.virtualTime, this.#virtualTime);
    }
    modelQueue.add(request);
    this.#requests.add(request);
    if (deadline !== Number.POSITIVE_INFINITY) {
      const before = this.#byDeadline.findLastIndex(other => other.deadline <= deadline);
      this.#byDeadline.splice(before + 1, 0, request);
    }
    this.#count(request.jobs, 1);
  }

  /** Forgets a model for which nothing waits any more. */
  forget(model: string): void {
    this.#modelQueues.delete(model);
  }

  /** Puts back jobs that a crash interrupted. */
  addSuspects(jobs: readonly Job[]): void {
    this.#suspects.push(...jobs);
    this.#count(jobs, 1);
  }

  /** Takes out a request's waiting jobs, because nobody waits for them any more. */
  remove(request: QueuedRequest): void {
    const suspects = this.#suspects.filter(job => job.request === request);
    this.#suspects = this.#suspects.filter(job => job.request !== request);
    this.#count([...suspects, ...request.jobs], -1);
    request.jobs = [];
    this.#modelQueues.get(request.model)?.requests.delete(request);
    this.#forget(request);
  }

  /**
   * The job that the next batch is made around, among those that may run: a job that was in a crash; else one of the
   * request `urgent`, if there is one.
   */
  leader(mayRun: (job: Job) => boolean, urgent?: QueuedRequest): Job | undefined {
    const suspect = this.#suspects.find(mayRun);
    if (suspect) return suspect;
    if (urgent) return urgent.jobs[0];
    if (this.#batches % OLDEST_EVERY === OLDEST_EVERY - 1) {
      for (const { jobs } of this.#requests) if (mayRun(jobs[0]!)) return jobs[0];
      return undefined;
    }
    const modelQueues = [...this.#modelQueues.values()].sort((a, b) => a.virtualTime - b.virtualTime);
    for (const modelQueue of modelQueues) {
      const leader = modelQueue.leader(mayRun);
      if (leader) return leader;
    }
    return undefined;
  }

  /**
   * Lengths of a model's waiting sequences in order of arrival, leaving out those of more than `maxLength` tokens, up
   * to `tokens` in all.
   */
  lengths(model: string, maxLength: number, tokens: number): number[] {
    const found: number[] = [];
    let sum = 0;
    for (const job of this.waiting(model)) {
      const length = lengthOf(job);
      if (length > maxLength) continue;
      if (sum + length > tokens) break;
      found.push(length);
      sum += length;
    }
    return found;
  }

  /** Takes out and returns the batch around `leader`, of at most `budget` tokens. */
  takeBatch(leader: Job, budget: number): Job[] {
    const suspect = this.#suspects.indexOf(leader);
    const batch = suspect >= 0 ? this.#suspects.splice(suspect, 1) : this.#takeFair(leader, budget);
    this.#count(batch, -1);
    return batch;
  }

  /** The number of a model's waiting sequences, and their tokens in all. */
  waitingFor(model: string): { readonly sequences: number; readonly tokens: number } {
    const jobs = [...this.waiting(model)];
    return { sequences: jobs.length, tokens: tokensOf(jobs) };
  }

  /** A model's waiting sequences, suspects first. */
  *waiting(model: string): Generator<Job> {
    yield* this.#suspects.filter(({ request }) => request.model === model);
    for (const { jobs } of this.#modelQueues.get(model)?.requests ?? []) yield* jobs;
  }

  #takeFair(leader: Job, budget: number): Job[] {
    const modelQueue = this.#modelQueues.get(leader.request.model)!;
    const batch = fillBatch(leader, modelQueue.requests, budget);
    this.#virtualTime = Math.max(this.#virtualTime, modelQueue.virtualTime);
    modelQueue.take(batch);
    for (const { request } of batch) if (request.jobs.length === 0) this.#forget(request);
    this.#batches++;
    return batch;
  }

  #forget(request: QueuedRequest): void {
    this.#requests.delete(request);
    const place = this.#byDeadline.indexOf(request);
    if (place >= 0) this.#byDeadline.splice(place, 1);
  }

  #count(jobs: readonly Job[], sign: 1 | -1): void {
    this.#tokens += sign * tokensOf(jobs);
  }
}
