// Decides in which slot the next batch runs, on all cores or on one engine beside other batches, and records what runs.

import type { Engines, Slot } from '../engine/engines.js';
import type { Chunk } from '../engine/sequence.js';
import type { Pace } from './deadlines.js';
import { LatencyModel, type Mode } from './latencyModel.js';
import { spreadOver } from './spread.js';

/** A batch that runs in a slot. */
export interface Run {
  readonly model: string;
  readonly slot: Slot;
  readonly tokens: number;
  /** Whether it is a single sequence of more tokens than the model's budget. */
  readonly isLong: boolean;
  /** Whether it is a long sequence that runs in chunks, between which other batches run. */
  readonly isChunked: boolean;
  /** Whether its sequence, the only one, was in a crash before. */
  readonly isSuspect: boolean;
  /** Milliseconds on the clock of performance.now(), as are the two below. */
  readonly startedAt: number;
  expectedEnd: number;
  /** When other batches may run in its place: at its end, or at the end of its present chunk. */
  yieldsAt: number;
  /** Whether it is between two chunks, so that other batches may start. */
  isPaused: boolean;
}

/** The batch that would run next. */
export interface Candidate {
  readonly model: string;
  /** Tokens of the leading sequence. */
  readonly length: number;
  /** The most tokens that a batch of the model may have. */
  readonly budget: number;
  /** Whether the leading sequence was in a crash. If so, no other batch may be in the same process. */
  readonly isSuspect: boolean;
  /** Lengths, up to `tokens` in all, of the model's waiting sequences that are no longer than the budget. */
  waiting(tokens: number): readonly number[];
}

/**
 * Batches that the slot `all` holds at once, for a model that has no other slot. While the first runs, the second waits
 * in the engine process, so that the cores are never idle between two batches. A model with a slot on each engine keeps
 * the cores busy by running a batch in each.
 */
const BATCHES_ON_ALL = 2;
/** The batch that fills a share need not hold the sequences that the share was planned with, so it gets some slack. */
const SHARE_SLACK = 1.25;

/** What a placement needs of the engines. */
type PlacementEngines = Pick<Engines, 'slots' | 'isUp' | 'takesChunks'>;

export class Placement {
  readonly #engines: PlacementEngines;
  readonly #latencyModels = new Map<string, LatencyModel>();
  readonly #running = new Set<Run>();
  /** When a batch of sequences within the budget last ended. */
  #shortEndedAt = Number.NEGATIVE_INFINITY;

  constructor(engines: PlacementEngines) {
    this.#engines = engines;
  }

  /** Expects a model to be as fast as another one was, until its own passes are timed. */
  inherit(model: string, from: string): void {
    this.#latencyModels.set(model, this.#latencyOf(from));
  }

  forget(model: string): void {
    this.#latencyModels.delete(model);
  }

  get isIdle(): boolean {
    return this.#active.length === 0;
  }

  /** Whether a batch of a model can run in some slot, now or when running batches have ended. */
  isUp(model: string): boolean {
    return this.#engines.slots(model).some(slot => this.#engines.isUp(slot, model));
  }

  /**
   * Whether one more long sequence may run: they get all engines but one, which is left to the short sequences. On all
   * cores they run one after another, as short ones would have to wait for the chunks of each.
   */
  takesLong(model: string): boolean {
    const engines = this.#enginesUp(model).length;
    const running = [...this.#running];
    if (engines <= 1) return !running.some(run => run.isChunked);
    return running.filter(run => run.isLong).length < engines - 1;
  }

  /** Whether `choose` may find a slot for a batch of the model. Where many requests wait, this is sooner known. */
  mayStart(model: string): boolean {
    const engines = this.#enginesUp(model);
    const running = this.#active;
    const onAll = running.filter(({ slot }) => slot === 'all');
    if (engines.length === 0) return this.#engines.isUp('all', model) && onAll.length < BATCHES_ON_ALL;
    return onAll.length === 0 && engines.some(engine => running.every(({ slot }) => slot !== engine));
  }

  /**
   * Returns a slot and the most tokens for a batch in it; undefined where the batch has to wait for a running one or for
   * an engine.
   */
  choose(next: Candidate, now: number): { slot: Slot; tokens: number } | undefined {
    const engines = this.#enginesUp(next.model);
    const running = this.#active;
    const onAll = running.filter(({ slot }) => slot === 'all');
    if (engines.length > 0) return onAll.length > 0 ? undefined : this.#chooseAmong(engines, next, now);
    if (!this.#engines.isUp('all', next.model)) return undefined;
    const choice = { slot: 'all' as const, tokens: next.budget };
    if (this.isIdle) return choice;
    if (running.length > onAll.length || onAll.length >= BATCHES_ON_ALL) return undefined;
    // A long sequence does not queue behind a running batch: a short one that arrives meanwhile would wait for both. Nor
    // does a short one queue behind a chunk, because more of them may make a larger batch until it ends.
    const isAlone = isLong(next) || next.isSuspect || onAll.some(run => run.isSuspect || run.isChunked);
    return isAlone ? undefined : choice;
  }

  /** Records that a batch of so many tokens starts in a slot. */
  start(next: Candidate, slot: Slot, tokens: number, now: number): Run {
    const { model, isSuspect } = next;
    const expectedEnd = now + this.#latencyOf(model).predict(modeOf(slot), tokens, now);
    const run = {
      model,
      slot,
      tokens,
      isLong: isLong(next),
      isChunked: this.#isChunked(next),
      isSuspect,
      startedAt: now,
      expectedEnd,
      yieldsAt: expectedEnd,
      isPaused: false,
    };
    this.#running.add(run);
    return run;
  }

  /** Records that a chunk of a long sequence starts. */
  startChunk(run: Run, { start, end }: Chunk, now: number): void {
    const latency = this.#latencyOf(run.model);
    const mode = modeOf(run.slot);
    run.expectedEnd = now + latency.predict(mode, run.tokens - start, now);
    run.yieldsAt = now + latency.predict(mode, end - start, now);
  }

  /** Whether no other batch runs where the next chunk of a long sequence does. */
  mayResume(run: Run): boolean {
    const others = this.#active.filter(other => other !== run);
    return !others.some(({ slot }) => slot === run.slot || slot === 'all' || run.slot === 'all');
  }

  /** Records that a batch ended. `seconds` is the time of its forward pass, undefined where that failed. */
  end(run: Run, seconds: number | undefined, now: number): void {
    this.#running.delete(run);
    if (run.isLong) return;
    this.#shortEndedAt = now;
    if (seconds === undefined) return;
    this.observe(run.model, run.slot, run.tokens, seconds * 1000, now);
  }

  /** How fast waiting work is done. `budgetOf` is the most tokens in a batch of a model. */
  pace(budgetOf: (model: string) => number, now: number): Pace {
    const running = [...this.#running].map(run => until(run.expectedEnd, now) / this.#sharesOf(run));
    const known = new Map<string, number>();
    return {
      now,
      startsIn: running.reduce((sum, milliseconds) => sum + milliseconds, 0),
      msPerToken: model => {
        const found = known.get(model) ?? this.#msPerToken(model, budgetOf(model), now);
        known.set(model, found);
        return found;
      },
      passTime: (model, tokens) =>
        this.#latencyOf(model).predict(this.#modeOf(model), tokens, now) / this.doubt(model, now),
    };
  }

  /** By what factor a model may be faster than its pace says; see LatencyModel. */
  doubt(model: string, now: number): number {
    return this.#latencyOf(model).doubt(now);
  }

  /** How a model's batches run while much waits. */
  #modeOf(model: string): Mode {
    return this.#enginesOf(model).length > 0 ? 'apart' : 'together';
  }

  /** Learns from a forward pass of a model that took so many milliseconds. */
  observe(model: string, slot: Slot, tokens: number, milliseconds: number, now: number): void {
    this.#latencyOf(model).observe(modeOf(slot), tokens, milliseconds, now);
  }

  /** Milliseconds per token of a model's full batches, one in each engine. Zero before any pass was timed. */
  #msPerToken(model: string, budget: number, now: number): number {
    if (this.doubt(model, now) === Number.POSITIVE_INFINITY) return 0;
    const engines = Math.max(1, this.#enginesUp(model).length);
    return this.#latencyOf(model).predict(this.#modeOf(model), budget, now) / (budget * engines);
  }

  /**
   * One batch on all cores, or one on each engine: whichever is predicted to finish all waiting sequences first. The
   * two never run at the same time.
   */
  #chooseAmong(engines: readonly Slot[], next: Candidate, now: number) {
    const latency = this.#latencyOf(next.model);
    const slot = engines.find(engine => !this.#active.some(run => run.slot === engine));
    if (slot === undefined) return undefined;
    if (isLong(next)) {
      // A long sequence gets all cores only where no short one waits, or ran within the time that the long one takes.
      const isQuiet =
        now - this.#shortEndedAt > latency.predict('together', next.length, now) &&
        next.waiting(next.budget).length === 0 &&
        this.#engines.isUp('all', next.model);
      return { slot: this.isIdle && isQuiet ? ('all' as const) : slot, tokens: next.budget };
    }
    const freeIn = engines.map(engine => this.#freeIn(engine, now));
    const lengths = next.waiting(next.budget * engines.length);
    const apart = spreadOver(lengths, freeIn, tokens => latency.predict('apart', tokens, now));
    if (this.#togetherIn(next, lengths, Math.max(...freeIn), now) <= apart.doneIn) {
      return this.isIdle ? { slot: 'all' as const, tokens: next.budget } : undefined;
    }
    const share = Math.ceil(apart.shares[engines.indexOf(slot)]! * SHARE_SLACK);
    return { slot, tokens: Math.min(next.budget, share) };
  }

  /** The runs but those that are between two chunks. */
  get #active(): Run[] {
    return [...this.#running].filter(run => !run.isPaused);
  }

  /** Whether a batch is a long sequence that runs in chunks. One that was in a crash runs whole. */
  #isChunked(next: Candidate): boolean {
    return isLong(next) && !next.isSuspect && this.#engines.takesChunks(next.model);
  }

  /**
   * Milliseconds until all cores together would have finished sequences of these lengths. Infinite where that cannot
   * run, and while a long sequence runs, as short ones do not wait for it.
   */
  #togetherIn({ model, budget }: Candidate, lengths: readonly number[], freeIn: number, now: number): number {
    if (!this.#engines.isUp('all', model)) return Number.POSITIVE_INFINITY;
    if (this.#active.some(run => run.isLong)) return Number.POSITIVE_INFINITY;
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const passes = Math.ceil(tokens / budget);
    return freeIn + passes * this.#latencyOf(model).predict('together', tokens / passes, now);
  }

  /** Milliseconds until an engine should be free. */
  #freeIn(engine: Slot, now: number): number {
    const run = this.#active.find(({ slot }) => slot === engine);
    return run ? until(run.yieldsAt, now) : 0;
  }

  /** The number of batches that run at the same time as this one while every engine is busy. */
  #sharesOf({ slot, model }: Run): number {
    // A model that is being unloaded has no slots any more.
    return slot === 'all' ? 1 : Math.max(1, this.#enginesOf(model).length);
  }

  /** The slots on a share of the cores in which a batch can run at present. */
  #enginesUp(model: string): Slot[] {
    return this.#enginesOf(model).filter(slot => this.#engines.isUp(slot, model));
  }

  #enginesOf(model: string): Slot[] {
    return this.#engines.slots(model).filter(slot => slot !== 'all');
  }

  #latencyOf(model: string): LatencyModel {
    const engines = Math.max(1, this.#enginesOf(model).length);
    const latency = this.#latencyModels.get(model) ?? new LatencyModel(engines);
    this.#latencyModels.set(model, latency);
    return latency;
  }
}

/** Milliseconds until an expected time. What is 5 ms late is expected to take 5 ms more. */
function until(expected: number, now: number): number {
  return Math.abs(expected - now);
}

function isLong({ length, budget }: Candidate): boolean {
  return length > budget;
}

function modeOf(slot: Slot): Mode {
  return slot === 'all' ? 'together' : 'apart';
}
