// Keeps the engines busy: takes requests, runs their sequences in batches, and returns the logits.

import { EventEmitter } from 'node:events';
import type { Engines, Slot } from '../engine/engines.js';
import { EngineCrashed } from '../engine/errors.js';
import type { RunReply } from '../engine/protocol.js';
import { Caution } from './caution.js';
import { lateness, millisecondsOf, mostUrgent, type Pace, type Work } from './deadlines.js';
import { CallerGone, DeadlinePassed, EngineDown, FatalSequence, QueueFull } from './errors.js';
import { type Job, lengthOf, QueuedRequest, type Submission, tokensOf } from './job.js';
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

/**
 * A sequence during which the engine crashed this many times while it ran alone is taken for the cause, and its request
 * fails. A crash that comes from outside hardly meets the same sequence that often.
 */
const MAX_CRASHES_ALONE = 3;
/** The longest time for which a refused caller is told to wait. Seconds. */
const MAX_RETRY_AFTER = 60;
/**
 * Tokens in a chunk of a long sequence: 60 to 100 ms of a core for SmolLM2-135M. Longer chunks are no faster, and
 * shorter sequences wait for them longer (docs/performance.md).
 */
const CHUNK_TOKENS = 128;

/** What the scheduler needs of the engines. */
type SchedulerEngines = Pick<
  Engines,
  'run' | 'takesChunks' | 'runChunk' | 'forget' | 'slots' | 'isUp' | 'downFor'
> & {
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
  readonly #caution = new Caution();
  /** The long sequences between two chunks in whose place other batches run. */
  readonly #suspended = new Map<Run, () => void>();

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

  /** Learns from a forward pass that ran apart from the queue. */
  observe(model: string, slot: Slot, tokens: number, seconds: number): void {
    this.#placement.observe(model, slot, tokens, seconds * 1000, performance.now());
  }

  /** Expects a model to be as fast as the one whose place it takes, until its own passes are timed. */
  inherit(model: string, from: string): void {
    this.#placement.inherit(model, from);
  }

  /** Forgets a model that is unloaded. */
  forget(model: string): void {
    this.#placement.forget(model);
    this.#queue.forget(model);
    this.#batchTokens.delete(model);
  }

  /**
   * Throws what submit would throw at once for a request of so many tokens: EngineDown; DeadlinePassed if it
   * cannot be done by its deadline even alone; QueueFull if it cannot be done by then with what waits already, or would
   * make another request miss its deadline.
   */
  admit(work: Work): void {
    const down = this.#down(work.model);
    if (down) throw down;
    const now = performance.now();
    const isEmpty = this.#queue.tokens === 0;
    const pace = this.#pace(now);
    const alone = millisecondsOf(work, pace);
    if (alone > (work.deadline - now) * this.#placement.doubt(work.model, now)) {
      throw new DeadlinePassed(
        `computing ${work.tokens} tokens takes about ${inSeconds(alone)} s, longer than until the deadline`,
      );
    }
    if (isEmpty) return;
    const late = lateness(work, this.#queue.byDeadline, pace, this.#caution.factor);
    if (late > 0) {
      const retryAfter = Math.min(MAX_RETRY_AFTER, Math.ceil(late / 1000));
      throw new QueueFull('what waits already leaves no time for it before its deadline', retryAfter);
    }
    const { queueTokens } = this.#options;
    const excess = this.#queue.tokens + work.tokens - queueTokens;
    if (excess > 0) {
      const wait = millisecondsOf({ ...work, tokens: excess }, pace) / 1000;
      throw new QueueFull(
        `${this.#queue.tokens} of at most ${queueTokens} tokens are waiting already`,
        Math.min(MAX_RETRY_AFTER, Math.ceil(wait)),
      );
    }
  }

  /**
   * Runs the sequences, in as many batches as it takes. Returns the logits of each, in their order.
   * Throws the errors of admit, or an Error for an empty sequence, at once; DeadlinePassed at the deadline; CallerGone
   * when the signal is aborted; FatalSequence for a sequence that ends the engine process; EngineError.
   */
  async submit(submission: Submission): Promise<Float32Array[]> {
    const { model, sequences, deadline, signal } = submission;
    // An engine refuses a whole batch for an empty sequence, with the sequences of other requests in it.
    if (sequences.some(({ ids }) => ids.length === 0)) {
      throw new Error('expected a token in every sequence, found none in one of them');
    }
    // Its model may be unloaded already.
    if (signal?.aborted) throw new CallerGone('the caller has gone');
    const request = new QueuedRequest(submission);
    this.admit({ model, tokens: request.tokens, deadline });
    const onAbort = () => this.#giveUp(request, new CallerGone('the caller has gone'));
    const onDeadline = () => this.#miss(request);
    signal?.addEventListener('abort', onAbort);
    const timer = deadline < Number.POSITIVE_INFINITY && setTimeout(onDeadline, deadline - performance.now());
    this.#queue.add(request);
    this.#dispatch();
    try {
      const answer = await request.answer;
      this.#caution.met();
      return answer;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (timer) clearTimeout(timer);
    }
  }

  /** Ends a request with an error. Its sequences that run already are not stopped; their results are dropped. */
  #giveUp(request: QueuedRequest, error: Error): void {
    if (request.hasEnded) return;
    request.fail(error);
    this.#queue.remove(request);
  }

  /** Ends a request that misses its deadline. */
  #miss(request: QueuedRequest): void {
    if (!request.hasEnded) this.#caution.missed();
    this.#giveUp(request, new DeadlinePassed('the deadline passed before the texts were computed'));
  }

  /** Ends the waiting requests whose deadline is too near for even one pass, so that nothing is computed in vain. */
  #missHopeless(pace: Pace): void {
    for (;;) {
      const [first] = this.#queue.byDeadline;
      const longest = first && lengthOf(first.jobs.at(-1)!);
      if (!first || first.deadline - pace.now >= pace.passTime(first.model, longest!)) break;
      this.#miss(first);
    }
  }

  /** Refuses the waiting requests for a model that no engine can load. */
  #refuse(model: string): void {
    const down = this.#down(model);
    const requests = new Set([...this.#queue.waiting(model)].map(job => job.request));
    if (down) for (const request of requests) this.#giveUp(request, down);
  }

  #down(model: string): EngineDown | undefined {
    const milliseconds = this.#engines.downFor(model);
    return milliseconds === undefined ? undefined : new EngineDown(milliseconds);
  }

  /** Starts batches until the next one has to wait. */
  #dispatch(): void {
    while (this.#queue.models.some(model => this.#placement.mayStart(model))) {
      const now = performance.now();
      const pace = this.#pace(now);
      this.#missHopeless(pace);
      const leader = this.#leader(pace);
      const candidate = leader && this.#candidate(leader);
      const choice = candidate && this.#placement.choose(candidate, now);
      if (!choice) break;
      const batch = this.#queue.takeBatch(leader!, choice.tokens);
      const run = this.#placement.start(candidate, choice.slot, tokensOf(batch), now);
      void this.#run(batch, run).finally(() => this.#dispatch());
    }
  }

  /** The job whose turn it is. */
  #leader(pace: Pace): Job | undefined {
    const limits = new Map<string, number>();
    const mayRun = (job: Job) => {
      const { model } = job.request;
      const limit = limits.get(model) ?? this.#maxLength(model);
      limits.set(model, limit);
      return lengthOf(job) <= limit;
    };
    const waiting = this.#queue.byDeadline.filter(({ jobs }) => mayRun(jobs[0]!));
    return this.#queue.leader(mayRun, mostUrgent(waiting, pace));
  }

  /** The longest sequence of a model that may run next. Zero while no engine of the model is up. */
  #maxLength(model: string): number {
    if (!this.#placement.isUp(model)) return 0;
    return this.#placement.takesLong(model) ? Number.POSITIVE_INFINITY : this.batchTokens(model);
  }

  #pace(now: number): Pace {
    return this.#placement.pace(model => this.batchTokens(model), now);
  }

  #candidate(leader: Job): Candidate {
    const { model } = leader.request;
    const budget = this.batchTokens(model);
    const waiting = (tokens: number) => this.#queue.lengths(model, budget, tokens);
    return { model, length: lengthOf(leader), budget, isSuspect: leader.isSuspect, waiting };
  }

  async #run(batch: Job[], run: Run): Promise<void> {
    const { model, slot, tokens, startedAt } = run;
    let seconds: number | undefined;
    try {
      const result = run.isChunked
        ? await this.#runInChunks(batch[0]!, run)
        : await this.#engines.run(
            model,
            batch.map(job => job.sequence),
            slot,
          );
      seconds = result.seconds;
      const end = performance.now();
      const pass = { start: end - seconds * 1000, end };
      for (const [i, job] of batch.entries()) job.request.deliver(job, result.logits[i]!, pass);
      this.emit('batch', {
        model,
        sequences: batch.length,
        tokens,
        seconds,
        waited: batch.map(({ request }) => (startedAt - request.enqueuedAt) / 1000),
      });
    } catch (error) {
      if (error instanceof EngineCrashed) this.#crashed(batch, error);
      // A long sequence runs whole the next time: its engine may have been started again between two chunks.
      else if (batch.length > 1 || run.isChunked) this.#runAlone(batch);
      else this.#giveUp(batch[0]!.request, error as Error);
    } finally {
      this.#placement.end(run, seconds, performance.now());
      this.#resume();
    }
  }

  /**
   * Runs a long sequence in chunks, between which waiting batches run in its place. It stops where nobody waits for the
   * result any more. Returns its logits and the time of its passes.
   */
  async #runInChunks({ request, sequence }: Job, run: Run): Promise<RunReply> {
    const { model, slot, tokens } = run;
    const logits: number[] = [];
    let seconds = 0;
    let end = 0;
    try {
      for (;;) {
        const chunk = { start: end, end: Math.min(tokens, end + CHUNK_TOKENS) };
        this.#placement.startChunk(run, chunk, performance.now());
        const part = await this.#engines.runChunk(model, sequence, chunk, slot);
        logits.push(...part.logits[0]!);
        seconds += part.seconds;
        end = chunk.end;
        if (end === tokens || request.hasEnded) break;
        await this.#letOthersRun(run);
      }
    } finally {
      if (end < tokens) void this.#engines.forget(model, slot);
    }
    return { logits: [Float32Array.from(logits)], seconds };
  }

  /** Starts batches that wait, and resolves when none of them runs any more in the place of a long sequence. */
  async #letOthersRun(run: Run): Promise<void> {
    run.isPaused = true;
    this.#dispatch();
    run.isPaused = false;
    if (this.#placement.mayResume(run)) return;
    await new Promise<void>(resume => this.#suspended.set(run, resume));
  }

  /** Lets the long sequences go on in whose place no other batch runs any more. */
  #resume(): void {
    for (const [run, resume] of this.#suspended) {
      if (!this.#placement.mayResume(run)) continue;
      this.#suspended.delete(run);
      resume();
    }
  }

  /**
   * Puts back the jobs of a batch during which the engine crashed. Most of them did not cause the crash, so each runs
   * again alone. A job that goes on crashing engines then is the cause, and its request alone fails.
   */
  #crashed(batch: Job[], { wasUp }: EngineCrashed): void {
    const [only] = batch;
    if (wasUp && batch.length === 1 && ++only!.crashesAlone === MAX_CRASHES_ALONE) {
      const error = new FatalSequence(
        `the engine ended ${MAX_CRASHES_ALONE} times while it ran this text alone`,
      );
      this.#giveUp(only!.request, error);
    }
    this.#runAlone(batch);
  }

  /** Puts back the jobs of a batch that has failed. Each runs again alone, so that only the cause can fail again. */
  #runAlone(batch: readonly Job[]): void {
    const again = batch.filter(({ request }) => !request.hasEnded);
    for (const job of again) job.isSuspect = true;
    this.#queue.addSuspects(again);
  }
}

function inSeconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
