// Where batches run on a machine that takes as long as this one was measured to take.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../dist/engine/engines.js';
import { Pace, type Way } from '../../dist/scheduler/pace.js';
import { type Candidate, Placement, type Run } from '../../dist/scheduler/placement.js';
import { spreadOver } from '../../dist/scheduler/spread.js';

const BUDGET = 256;

/** Milliseconds of a pass, measured on two cores with one, two and five texts of 51 tokens; then the same in minutes in
 * which the cores are slow to meet. */
const MEASURED = {
  apart: { 51: 23, 102: 40, 255: 94 },
  together: { 51: 13, 102: 21, 255: 44 },
  slowTogether: { 51: 20, 102: 32, 255: 63 },
};

class Machine {
  now = 0;
  readonly #placement = new Placement(() => ['all', 0, 1]);

  /** Has it run passes of so many tokens, which take so many milliseconds. */
  see(way: Way, times: Record<number, number>): void {
    for (let round = 0; round < 10; round++) {
      for (const [tokens, milliseconds] of Object.entries(times)) {
        this.end(this.start([Number(tokens)], way === 'together' ? 'all' : 0), milliseconds);
      }
    }
  }

  start(waiting: readonly number[], place: Place): Run {
    return this.#placement.start(candidate(waiting), place, waiting[0]!, this.now);
  }

  end(run: Run, after: number): void {
    this.now += after;
    this.#placement.end(run, after / 1000, this.now);
  }

  place(...waiting: number[]): Place | undefined {
    return this.choose(...waiting)?.place;
  }

  choose(...waiting: number[]) {
    return this.#placement.choose(candidate(waiting), this.now);
  }

  get takesLong(): boolean {
    return this.#placement.takesLong('m');
  }
}

/** Its first leads. */
function candidate(waiting: readonly number[]): Candidate {
  const short = waiting.filter(length => length <= BUDGET);
  return { model: 'm', length: waiting[0]!, budget: BUDGET, isSuspect: false, waiting: () => short };
}

function machine(): Machine {
  const measured = new Machine();
  measured.see('apart', MEASURED.apart);
  measured.see('together', MEASURED.together);
  return measured;
}

describe('all cores', () => {
  it.each([[[51]], [[51, 51]], [[51, 51, 51]]])('have %j together where they are idle', waiting => {
    expect(machine().place(...waiting)).toBe('all');
  });

  it('have one text and not two together while they are slow to meet, and both again when that is long ago', () => {
    const slow = machine();
    slow.see('together', MEASURED.slowTogether);
    expect([slow.place(51), slow.place(51, 51)]).toEqual(['all', 0]);
    slow.now += 60_000;
    slow.see('apart', MEASURED.apart);
    expect(slow.place(51, 51)).toBe('all');
  });

  it('are waited for where that is sooner: for an engine that is about to end, not for one that has begun', () => {
    const busy = machine();
    const run = busy.start([255], 0);
    expect(busy.place(51)).toBe(1);
    busy.now += 90;
    expect(busy.place(51)).toBeUndefined();
    busy.end(run, 2);
    expect(busy.place(51)).toBe('all');
  });
});

describe('engines', () => {
  it('share what waits', () => {
    const slow = machine();
    slow.see('together', MEASURED.slowTogether);
    const first = slow.choose(60, 60, 60, 60);
    expect(first).toEqual({ place: 0, tokens: 150 });
    slow.start([120], 0);
    expect(slow.choose(60, 60)).toEqual({ place: 1, tokens: 150 });
  });

  it('take no more than a budget', () => {
    expect(machine().choose(...Array(40).fill(60))!.tokens).toBeLessThanOrEqual(BUDGET);
  });

  it('wait where all are busy', () => {
    const busy = machine();
    busy.start([255], 0);
    busy.start([255], 1);
    expect(busy.place(51)).toBeUndefined();
  });
});

describe('a long sequence', () => {
  it('has all cores where nothing short has come for as long as it takes, or waits', () => {
    const quiet = machine();
    expect(quiet.place(1000)).toBe(0);
    quiet.now += 1000;
    expect(quiet.place(1000)).toBe('all');
    expect(quiet.place(1000, 51)).toBe(0);
  });

  it('leaves one engine to the short ones, which do not wait for it', () => {
    const busy = machine();
    expect(busy.takesLong).toBe(true);
    busy.start([1000], 0);
    expect(busy.takesLong).toBe(false);
    busy.now += 10_000;
    expect(busy.choose(51, 51)).toEqual({ place: 1, tokens: 128 });
  });
});

it('a pace foretells passes that were not seen from those that were', () => {
  for (const [way, times] of [
    ['apart', MEASURED.apart],
    ['together', MEASURED.together],
    ['together', MEASURED.slowTogether],
  ] as const) {
    const pace = new Pace(2);
    for (let i = 0; i < 20; i++) pace.see(way, 102, times[102], i);
    for (const [tokens, milliseconds] of Object.entries(times)) {
      const error = pace.expect(way, Number(tokens), 20) / milliseconds;
      expect(error).toBeGreaterThan(0.85);
      expect(error).toBeLessThan(1.15);
    }
  }
});

it('a spread gives every sequence to an engine, and is never later than one engine alone would be', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 12 });
  const freeIn = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lengths, freeIn, (lengths, freeIn) => {
      const passTime = (tokens: number) => 5 + tokens / 3;
      const { shares, doneIn } = spreadOver(lengths, freeIn, passTime);
      const all = lengths.reduce((sum, length) => sum + length, 0);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(all);
      expect(doneIn).toBeLessThanOrEqual(Math.min(...freeIn) + passTime(all) + 1e-9);
      for (const [engine, share] of shares.entries()) {
        if (share > 0) expect(freeIn[engine]! + passTime(share)).toBeLessThanOrEqual(doneIn + 1e-9);
      }
    }),
  );
});
