// The measured size of batches, from pass times that the test makes up.

import { expect, it } from 'vitest';
import type { Sequence } from '../../dist/engine/sequence.js';
import { findBudget } from '../../dist/predictor/budget.js';

const manifest = { task: 'sequence', pooling: 'last', maxLength: 96, vocabSize: 100 } as const;

/** Tokens. */
const LARGEST = 1024;
const brief = [{ ids: new Int32Array(4), headPositions: Int32Array.of(3) }];

/** A machine whose passes take `fixed` seconds, plus `each` seconds per token. It records the tokens of every pass. */
function machine(fixed: number, each: number) {
  const passes: number[] = [];
  const pass = async (sequences: readonly Sequence[]) => {
    const tokens = sequences.reduce((sum, { ids }) => sum + ids.length, 0);
    passes.push(tokens);
    return fixed + each * tokens;
  };
  return { pass, passes };
}

it.each([
  ['the smallest if a token costs the same in any batch', 0, 1e-5, 64],
  ['larger if a pass has a cost of its own', 0.001, 1e-4, 256],
  ['the largest if tokens cost nothing', 0.01, 0, 1024],
])('the budget is %s', async (_, fixed, each, expected) => {
  expect(await findBudget(manifest, brief, machine(fixed, each).pass, LARGEST)).toBe(expected);
});

it('times every size in turn, and leaves out passes that would take too long', async () => {
  const fast = machine(0.001, 0);
  await findBudget(manifest, brief, fast.pass, LARGEST);
  const round = [32, 96, 224, 480, 992];
  expect(fast.passes).toEqual([4, ...round, ...round, ...round]);
  const onGpu = machine(0.001, 0);
  expect(await findBudget(manifest, brief, onGpu.pass, 16_384)).toBe(16_384);
  const limited = machine(0.001, 0);
  expect(await findBudget(manifest, brief, limited.pass, 256)).toBe(256);
  const slow = machine(0, 0.1 / 64);
  await findBudget(manifest, brief, slow.pass, LARGEST);
  expect(slow.passes).toEqual([4, 32, 96, 224, 32, 96]);
  const slowest = machine(0.4, 0);
  expect(await findBudget(manifest, brief, slowest.pass, LARGEST)).toBeUndefined();
  expect(slowest.passes).toEqual([4]);
});

it('timed sequences fit the model: its maximum length, its vocabulary, and for a tagger a row per token', async () => {
  const seen: Sequence[] = [];
  const tagger = { task: 'token', pooling: null, maxLength: 16, vocabSize: 5 } as const;
  const pass = async (sequences: readonly Sequence[]) => {
    seen.push(...sequences);
    return sequences === brief ? 0 : 1;
  };
  await findBudget(tagger, brief, pass, LARGEST);
  expect(seen[1]!.headPositions).toHaveLength(16);
  expect(Math.max(...seen[1]!.ids)).toBe(4);
});

it('there is no budget if a pass fails', async () => {
  const failing = () => Promise.reject(new Error('out of memory'));
  expect(await findBudget(manifest, brief, failing, LARGEST)).toBeUndefined();
});
