// Which deadlines can be met, against a simulation that does the work in the order of the deadlines.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lateness, mostUrgent, type Pace, type Work } from '../../dist/scheduler/deadlines.js';

const MARGIN = 1.3;
const pace: Pace = {
  now: 1000,
  startsIn: 50,
  msPerToken: model => (model === 'slow' ? 2 : 1),
  passTime: (_model, tokens) => tokens,
};
const work: fc.Arbitrary<Work> = fc.record({
  model: fc.constantFrom('fast', 'slow'),
  tokens: fc.integer({ min: 1, max: 500 }),
  deadline: fc.integer({ min: 1001, max: 20_000 }),
});
const inOrder = (works: readonly Work[]) => [...works].sort((a, b) => a.deadline - b.deadline);

/** The pieces of work that are done in time, where everything takes `factor` times as long as predicted. */
function inTime(works: readonly Work[], factor: number): Set<Work> {
  const done = new Set<Work>();
  let time = pace.startsIn;
  for (const each of inOrder(works)) {
    time += each.tokens * pace.msPerToken(each.model);
    if (time * factor <= each.deadline - pace.now) done.add(each);
  }
  return done;
}

describe('lateness', () => {
  it('is zero exactly where the next request and all that were in time before are in time with it', () => {
    fc.assert(
      fc.property(fc.array(work, { maxLength: 30 }), work, (waiting, next) => {
        const before = inTime(waiting, MARGIN);
        const after = inTime([...waiting, next], MARGIN);
        const isRoom = after.has(next) && [...before].every(each => after.has(each));
        expect(lateness(next, inOrder(waiting), pace, MARGIN) === 0).toBe(isRoom);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the most urgent request', () => {
  it('is none while there is time', () => {
    const waiting = [2000, 9000].map(deadline => ({ model: 'fast', tokens: 100, deadline }));
    expect(mostUrgent(waiting, pace)).toBeUndefined();
  });

  it('is the first by deadline where a later one is at risk', () => {
    const waiting = [
      { model: 'fast', tokens: 600, deadline: 2000 },
      { model: 'slow', tokens: 400, deadline: 2600 },
    ];
    expect(mostUrgent(waiting, pace)).toBe(waiting[0]);
  });

  it('is not one that cannot be done in time any more', () => {
    const lost = { model: 'slow', tokens: 600, deadline: 2000 };
    const waiting = [lost, { model: 'fast', tokens: 900, deadline: 2050 }];
    expect(mostUrgent([lost], pace)).toBeUndefined();
    expect(mostUrgent(waiting, pace)).toBe(waiting[1]);
  });
});
