// In which slot batches run, on a simulated machine whose passes take as long as was measured on a real one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../dist/engine/engines.js';
import { LatencyModel, type Mode } from '../../dist/scheduler/latencyModel.js';
import { type Candidate, Placement, type Run } from '../../dist/scheduler/placement.js';
import { spreadOver } from '../../dist/scheduler/spread.js';

const BUDGET = 256;

/**
 * Milliseconds of a pass by its tokens, measured on two cores with one, two and five texts of 51 tokens. `slowTogether`
 * was measured while the cores took long to synchronise.
 */
const MEASURED = {
  apart: { 51: 23, 102: 40, 255: 94 },
  together: { 51: 13, 102: 21, 255: 44 },
  slowTogether: { 51: 20, 102: 32, 255: 63 },
};

class Machine {
  now = 0;
  readonly #placement: Placement;

  constructor(takesChunks = false) {
    const slots: Slot[] = ['all', 0, 1];
    this.#placement = new Placement({ slots: () => slots, isUp: () => true, takesChunks: () => takesChunks });
  }

  /** Runs passes. `times` holds the milliseconds of a pass by its tokens. */
  observe(mode: Mode, times: Record<number, number>): void {
    for (let round = 0; round < 10; round++) {
      for (const [tokens, milliseconds] of Object.entries(times)) {
        this.end(this.start([Number(tokens)], mode === 'together' ? 'all' : 0), milliseconds);
      }
    }
  }

  start(waiting: readonly number[], slot: Slot): Run {
    return this.#placement.start(candidate(waiting), slot, waiting[0]!, this.now);
  }

  startChunk(run: Run, start: number, end: number): void {
    this.#placement.startChunk(run, { start, end }, this.now);
  }

  end(run: Run, after: number): void {
    this.now += after;
    this.#placement.end(run, after / 1000, this.now);
  }

  slot(...waiting: number[]): Slot | undefined {
    return this.choose(...waiting)?.slot;
  }

  choose(...waiting: number[]) {
    const choice = this.#placement.choose(candidate(waiting), this.now);
    if (choice) expect(this.#placement.mayStart('m')).toBe(true);
    return choice;
  }

  mayResume(run: Run): boolean {
    return this.#placement.mayResume(run);
  }

  get takesLong(): boolean {
    return this.#placement.takesLong('m');
  }
}

/** A candidate whose leader is the first of the waiting sequences. */
function candidate(waiting: readonly number[]): Candidate {
  const short = waiting.filter(length => length <= BUDGET);
  return { model: 'm', length: waiting[0]!, budget: BUDGET, isSuspect: false, waiting: () => short };
}

function machine(takesChunks = false): Machine {
  const measured = new Machine(takesChunks);
  measured.observe('apart', MEASURED.apart);
  measured.observe('together', MEASURED.together);
  return measured;
}

describe('all cores', () => {
  it.each([[[51]], [[51, 51]], [[51, 51, 51]]])('run %j together while they are idle', waiting => {
    expect(machine().slot(...waiting)).toBe('all');
  });

  it('run one text but not two while they synchronise slowly, and two again once that is long ago', () => {
    const slow = machine();
    slow.observe('together', MEASURED.slowTogether);
    expect([slow.slot(51), slow.slot(51, 51)]).toEqual(['all', 0]);
    slow.now += 60_000;
    slow.observe('apart', MEASURED.apart);
    expect(slow.slot(51, 51)).toBe('all');
  });

  it('are waited for where that is faster: if the running batch is about to end, not if it has just begun', () => {
    const busy = machine();
    const run = busy.start([255], 0);
    expect(busy.slot(51)).toBe(1);
    busy.now += 90;
    expect(busy.slot(51)).toBeUndefined();
    busy.end(run, 2);
    expect(busy.slot(51)).toBe('all');
  });
});

describe('engines', () => {
  it('share the waiting sequences', () => {
    const slow = machine();
    slow.observe('together', MEASURED.slowTogether);
    const first = slow.choose(60, 60, 60, 60);
    expect(first).toEqual({ slot: 0, tokens: 150 });
    slow.start([120], 0);
    expect(slow.choose(60, 60)).toEqual({ slot: 1, tokens: 150 });
  });

  it('take at most the budget in one batch', () => {
    expect(machine().choose(...Array(40).fill(60))!.tokens).toBeLessThanOrEqual(BUDGET);
  });

  it('get no batch while all of them are busy', () => {
    const busy = machine();
    busy.start([255], 0);
    busy.start([255], 1);
    expect(busy.slot(51)).toBeUndefined();
  });
});

it('a batch of a model that is being unloaded does not hold up others without end', () => {
  const slots: Slot[] = ['all', 0, 1];
  const placement = new Placement({ slots: () => slots, isUp: () => true, takesChunks: () => false });
  placement.start(candidate([51]), 1, 51, 0);
  slots.splice(0);
  expect(placement.pace(() => BUDGET, 1).startsIn).toBeLessThan(1000);
});

describe('a long sequence in chunks', () => {
  it('holds its place, but for the time between two chunks', () => {
    const quiet = machine(true);
    const long = quiet.start([1000], 'all');
    quiet.startChunk(long, 0, 128);
    expect(quiet.slot(51)).toBeUndefined();
    long.isPaused = true;
    expect(quiet.slot(51)).toBe('all');
    const short = quiet.start([51], 'all');
    long.isPaused = false;
    expect(quiet.slot(51)).toBeUndefined();
    expect(quiet.mayResume(long)).toBe(false);
    quiet.end(short, 20);
    expect(quiet.mayResume(long)).toBe(true);
  });

  it('on one engine leaves the other to short ones all the time', () => {
    const busy = machine(true);
    const long = busy.start([1000], 0);
    busy.startChunk(long, 0, 128);
    expect(busy.takesLong).toBe(false);
    expect(busy.slot(51)).toBe(1);
    busy.start([51], 1);
    expect(busy.slot(51)).toBeUndefined();
    expect(busy.mayResume(long)).toBe(true);
  });
});

describe('a long sequence', () => {
  it('gets all cores only if no short one waits, or ran within the time that the long one takes', () => {
    const quiet = machine();
    expect(quiet.slot(1000)).toBe(0);
    quiet.now += 1000;
    expect(quiet.slot(1000)).toBe('all');
    expect(quiet.slot(1000, 51)).toBe(0);
  });

  it('leaves one engine to short sequences, which do not wait for the long one', () => {
    const busy = machine();
    expect(busy.takesLong).toBe(true);
    busy.start([1000], 0);
    expect(busy.takesLong).toBe(false);
    busy.now += 10_000;
    expect(busy.choose(51, 51)).toEqual({ slot: 1, tokens: 128 });
  });
});

it('the latency model predicts passes of other lengths than it has observed', () => {
  for (const [mode, times] of [
    ['apart', MEASURED.apart],
    ['together', MEASURED.together],
    ['together', MEASURED.slowTogether],
  ] as const) {
    const model = new LatencyModel(2);
    for (let i = 0; i < 20; i++) model.observe(mode, 102, times[102], i);
    for (const [tokens, milliseconds] of Object.entries(times)) {
      const ratio = model.predict(mode, Number(tokens), 20) / milliseconds;
      expect(ratio).toBeGreaterThan(0.85);
      expect(ratio).toBeLessThan(1.15);
    }
  }
});

it('a spread gives every sequence to an engine, and is done no later than one engine would be alone', () => {
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
