// Everything that waits, and which of it leads the next batch: fair between models and requests, starving none.

import { fillBatch } from './fill.js';
import { isAbandoned, type Job, lengthOf, type QueuedRequest, tokensOf } from './job.js';
import { Lane } from './lane.js';

/** Every so many batches the request that has waited longest leads, however long its sequences are. */
export const OLDEST_EVERY = 4;

export class Queue {
  /** By model. */
  readonly #lanes = new Map<string, Lane>();
  /** In order of arrival. */
  readonly #requests = new Set<QueuedRequest>();
  /** Were in a crash, and run alone, so that only its cause can meet a second one. */
  #suspects: Job[] = [];
  #sequences = 0;
  #tokens = 0;
  #batches = 0;
  /** What the model that ran last had had: one that was idle starts from there, and has saved up nothing. */
  #clock = 0;

  get sequences(): number {
    return this.#sequences;
  }

  get tokens(): number {
    return this.#tokens;
  }

  add(request: QueuedRequest): void {
    if (request.jobs.length === 0) return;
    request.jobs.sort((a, b) => lengthOf(a) - lengthOf(b));
    const { model } = request.submission;
    const lane = this.#lanes.get(model) ?? new Lane();
    this.#lanes.set(model, lane);
    if (lane.requests.size === 0) lane.served = Math.max(lane.served, this.#clock);
    lane.add(request);
    this.#requests.add(request);
    this.#count(request.jobs, 1);
  }

  /** Puts back what a crash interrupted. */
  addSuspects(jobs: readonly Job[]): void {
    this.#suspects.push(...jobs);
    this.#count(jobs, 1);
  }

  /** Takes out the jobs that nobody waits for any more. */
  dropAbandoned(now: number): Job[] {
    const abandoned = this.#suspects.filter(({ request }) => isAbandoned(request, now));
    this.#suspects = this.#suspects.filter(({ request }) => !isAbandoned(request, now));
    for (const request of this.#requests) {
      if (!isAbandoned(request, now)) continue;
      abandoned.push(...request.jobs);
      this.#requests.delete(request);
      this.#laneOf(request).requests.delete(request);
    }
    this.#count(abandoned, -1);
    return abandoned;
  }

  /** The job that the next batch is made around, of at most `longest` tokens. */
  leader(longest = Number.POSITIVE_INFINITY): Job | undefined {
    const [suspect] = this.#suspects;
    if (suspect && lengthOf(suspect) <= longest) return suspect;
    if (this.#batches % OLDEST_EVERY === OLDEST_EVERY - 1) {
      for (const { jobs } of this.#requests) if (lengthOf(jobs[0]!) <= longest) return jobs[0];
      return undefined;
    }
    const lanes = [...this.#lanes.values()].sort((a, b) => a.served - b.served);
    for (const lane of lanes) {
      const leader = lane.leader(longest);
      if (leader) return leader;
    }
    return undefined;
  }

  /** Tokens of each sequence of a model that waits, of at most `longest`, in order of arrival, up to `tokens` in all. */
  lengths(model: string, longest: number, tokens: number): number[] {
    const found: number[] = [];
    let sum = 0;
    for (const job of this.#waiting(model)) {
      const length = lengthOf(job);
      if (length > longest) continue;
      if (sum + length > tokens) break;
      found.push(length);
      sum += length;
    }
    return found;
  }

  /** Takes out the batch around `leader`, in `budget` tokens. */
  takeBatch(leader: Job, budget: number): Job[] {
    const batch = leader === this.#suspects[0] ? this.#suspects.splice(0, 1) : this.#takeFair(leader, budget);
    this.#count(batch, -1);
    return batch;
  }

  /** The number of a model's waiting sequences, and their tokens in all. */
  waitingFor(model: string): { readonly sequences: number; readonly tokens: number } {
    const jobs = [...this.#waiting(model)];
    return { sequences: jobs.length, tokens: tokensOf(jobs) };
  }

  *#waiting(model: string): Generator<Job> {
    yield* this.#suspects.filter(({ request }) => request.submission.model === model);
    for (const { jobs } of this.#lanes.get(model)?.requests ?? []) yield* jobs;
  }

  #takeFair(leader: Job, budget: number): Job[] {
    const lane = this.#laneOf(leader.request);
    const batch = fillBatch(leader, lane.requests, budget);
    this.#clock = Math.max(this.#clock, lane.served);
    lane.take(batch);
    for (const { request } of batch) if (request.jobs.length === 0) this.#requests.delete(request);
    this.#batches++;
    return batch;
  }

  #laneOf({ submission }: QueuedRequest): Lane {
    return this.#lanes.get(submission.model)!;
  }

  #count(jobs: readonly Job[], sign: 1 | -1): void {
    this.#sequences += sign * jobs.length;
    this.#tokens += sign * tokensOf(jobs);
  }
}
