// Where the next batch runs: on all cores, or on an engine of its own beside other batches; and what runs now.

import type { Engines, Place } from '../engine/engines.js';
import { Pace, type Way } from './pace.js';
import { spreadOver } from './spread.js';

/** A batch in its place. */
export interface Run {
  readonly model: string;
  readonly place: Place;
  readonly tokens: number;
  /** One sequence of more than a budget. */
  readonly isLong: boolean;
  readonly isSuspect: boolean;
  /** On the clock of performance.now(). */
  readonly startedAt: number;
  readonly expectedEnd: number;
}

/** What would run next. */
export interface Candidate {
  readonly model: string;
  /** Tokens of the sequence that leads. */
  readonly length: number;
  /** Tokens of a batch, at most. */
  readonly budget: number;
  /** It was in a crash, and no other batch is to be in the same process. */
  readonly isSuspect: boolean;
  /** Tokens of each sequence of the model that waits and is no longer than the budget, up to `tokens` in all. */
  waiting(tokens: number): readonly number[];
}

/**
 * On all cores one batch runs while the next already waits in the engine process, so that they are never idle between
 * two. Where there are engines of their own cores, it is these that never are.
 */
const BATCHES_ON_ALL = 2;
/** A share is filled with sequences of like length: not always the very ones that it was reckoned with. */
const SHARE_SLACK = 1.25;

export class Placement {
  readonly #places: Engines['places'];
  readonly #paces = new Map<string, Pace>();
  readonly #running = new Set<Run>();
  /** When a batch of sequences within the budget last ended. */
  #shortAt = Number.NEGATIVE_INFINITY;

  constructor(places: Engines['places']) {
    this.#places = places;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** Long sequences have all engines but one, which is left to the short ones. */
  takesLong(model: string): boolean {
    const engines = this.#enginesOf(model).length;
    return engines === 0 || [...this.#running].filter(run => run.isLong).length < engines - 1;
  }

  /** The place, and how many tokens the batch may have; undefined where it has to wait for what runs. */
  choose(next: Candidate, now: number): { place: Place; tokens: number } | undefined {
    const engines = this.#enginesOf(next.model);
    const onAll = [...this.#running].filter(({ place }) => place === 'all');
    if (engines.length > 0) return onAll.length > 0 ? undefined : this.#chooseEngine(next, engines, now);
    const choice = { place: 'all' as const, tokens: next.budget };
    if (this.isIdle) return choice;
    if (this.#running.size > onAll.length || onAll.length >= BATCHES_ON_ALL) return undefined;
    // What arrives while a batch runs may have to wait for it and for one more, but not for one of any length.
    return isLong(next) || next.isSuspect || onAll.some(run => run.isSuspect) ? undefined : choice;
  }

  start(next: Candidate, place: Place, tokens: number, now: number): Run {
    const { model, isSuspect } = next;
    const expectedEnd = now + this.#paceOf(model).expect(wayOf(place), tokens, now);
    const run = { model, place, tokens, isLong: isLong(next), isSuspect, startedAt: now, expectedEnd };
    this.#running.add(run);
    return run;
  }

  /** `seconds` that its pass took; none where it failed. */
  end(run: Run, seconds: number | undefined, now: number): void {
    this.#running.delete(run);
    if (run.isLong) return;
    this.#shortAt = now;
    if (seconds !== undefined) this.#paceOf(run.model).see(wayOf(run.place), run.tokens, seconds * 1000, now);
  }

  /** All cores together, or engines apart: whichever has all that waits done first. The two never overlap. */
  #chooseEngine(next: Candidate, engines: readonly Place[], now: number) {
    const pace = this.#paceOf(next.model);
    const place = engines.find(engine => ![...this.#running].some(run => run.place === engine));
    if (place === undefined) return undefined;
    if (isLong(next)) {
      // All cores are tied up only where nothing short has come for as long as that will take.
      const isQuiet =
        now - this.#shortAt > pace.expect('together', next.length, now) &&
        next.waiting(next.budget).length === 0;
      return { place: this.isIdle && isQuiet ? ('all' as const) : place, tokens: next.budget };
    }
    const freeIn = engines.map(engine => this.#freeIn(engine, now));
    const lengths = next.waiting(next.budget * engines.length);
    const apart = spreadOver(lengths, freeIn, tokens => pace.expect('apart', tokens, now));
    if (this.#togetherIn(next, lengths, Math.max(...freeIn), now) <= apart.doneIn) {
      return this.isIdle ? { place: 'all' as const, tokens: next.budget } : undefined;
    }
    const share = Math.ceil(apart.shares[engines.indexOf(place)]! * SHARE_SLACK);
    return { place, tokens: Math.min(next.budget, share) };
  }

  /** Milliseconds until all cores would have done sequences of these lengths; never, beside a long one. */
  #togetherIn({ model, budget }: Candidate, lengths: readonly number[], freeIn: number, now: number): number {
    if ([...this.#running].some(run => run.isLong)) return Number.POSITIVE_INFINITY;
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const passes = Math.ceil(tokens / budget);
    return freeIn + passes * this.#paceOf(model).expect('together', tokens / passes, now);
  }

  /** Milliseconds until an engine is expected to be free. One that is late is expected to take as long again as it is. */
  #freeIn(engine: Place, now: number): number {
    const run = [...this.#running].find(({ place }) => place === engine);
    return run ? Math.abs(run.expectedEnd - now) : 0;
  }

  #enginesOf(model: string): Place[] {
    return this.#places(model).filter(place => place !== 'all');
  }

  #paceOf(model: string): Pace {
    const pace = this.#paces.get(model) ?? new Pace(Math.max(1, this.#enginesOf(model).length));
    this.#paces.set(model, pace);
    return pace;
  }
}

function isLong({ length, budget }: Candidate): boolean {
  return length > budget;
}

function wayOf(place: Place): Way {
  return place === 'all' ? 'together' : 'apart';
}
