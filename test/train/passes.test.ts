// What a step computes does not depend on how its batch is split into passes, and dropout is what it should be.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrainingExample } from '../../dist/train/examples.js';
import { passesOf } from '../../dist/train/passes.js';
import type { Pass } from '../../dist/train/session.js';
import { temporaryFolder } from '../support/fixtures.js';
import { openTrainingGolden, relativeError } from '../support/training.js';

const out = temporaryFolder();

/** The examples that a pass was made of. */
function examplesOf({ sequences, targets }: Pass, readsRows: boolean): TrainingExample[] {
  const [, labels] = targets.shape as [number, number];
  let row = 0;
  return sequences.map(sequence => {
    const count = readsRows ? sequence.headPositions.length : 1;
    const rows = Array.from({ length: count }, () => {
      const own = targets.values.slice(row * labels, ++row * labels);
      return [...own.keys()].filter(label => own[label] === 1);
    });
    return { sequence, rows, truncated: false };
  });
}

describe('the gradients of a batch', () => {
  it.each(['llama_causal', 'llama_bidirectional_mean', 'llama_causal_multi', 'ls_unllama_tok'])(
    '%s: are the same however it is split',
    async name => {
      const { session, pass, values, loss, readout } = await openTrainingGolden(name, join(out, name));
      const examples = examplesOf(pass, readout === 'rows');
      const whole = await session.gradients([pass], values);
      for (const workers of [1, 2, 3, examples.length + 1]) {
        const labels = pass.targets.shape[1]!;
        const passes = passesOf(examples, { workers, labels, loss, random: [0] });
        expect(passes.length).toBe(Math.min(workers, examples.length));
        const split = await session.gradients(passes.flat(), values);
        expect(Math.abs(split.loss - whole.loss)).toBeLessThan(1e-5 * whole.loss);
        expect(relativeError(split.values, whole.values)).toBeLessThan(1e-4);
      }
      await session.close();
    },
  );
});

describe('dropout', () => {
  const name = 'granite_all_linear';

  it('multiplies what it keeps, so that the mean stays', async () => {
    const folder = (what: string) => join(out, `mean-${what}`);
    const kept = await openTrainingGolden(name, folder('kept'), { dropout: 0.5, dropped: 1e-12 });
    const doubled = await openTrainingGolden(name, folder('doubled'), { alphaFactor: 2 });
    const found = await kept.session.gradients([kept.pass], kept.values);
    const expected = await doubled.session.gradients([doubled.pass], doubled.values);
    expect(found.loss).toBeCloseTo(expected.loss, 5);
    expect(relativeError(found.values, expected.values)).toBeLessThan(1e-5);
    await Promise.all([kept.session.close(), doubled.session.close()]);
  });

  it('has gradients that tell how the loss changes under the same mask', async () => {
    const { session, pass, values } = await openTrainingGolden(name, join(out, 'slope'), { dropout: 0.4 });
    const { loss, values: gradients } = await session.gradients([pass], values);
    const length = Math.hypot(...gradients);
    const lossAt = async (distance: number) => {
      const moved = values.map((value, i) => value + (distance * gradients[i]!) / length);
      return (await session.gradients([pass], moved)).loss;
    };
    const step = 1e-2;
    const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    expect(Math.abs(slope - length)).toBeLessThan(0.02 * length);
    const other = await session.gradients([{ ...pass, random: [1] }], values);
    expect(other.loss).not.toBe(loss);
    await session.close();
  });
});
