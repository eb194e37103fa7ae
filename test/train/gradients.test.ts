// Gradients of a training step against those of PyTorch through PEFT.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tensorsOf } from '../../dist/train/parameters.js';
import { temporaryFolder } from '../support/fixtures.js';
import { openTrainingGolden, relativeError, trainingGoldens } from '../support/training.js';

const out = temporaryFolder();

it.each(trainingGoldens())('%s: the gradients are those of PyTorch', async name => {
  const { session, pass, layout, values, gradients, losses } = await openTrainingGolden(
    name,
    join(out, name),
  );
  const step = await session.gradients([pass], values);
  await session.close();
  expect(Math.abs(step.loss - losses[0]!)).toBeLessThan(1e-5 * Math.abs(losses[0]!) + 1e-6);
  const found = tensorsOf(layout, step.values);
  expect([...found.keys()].sort()).toEqual([...gradients.keys()].sort());
  for (const [tensor, expected] of gradients) {
    expect(relativeError(found.get(tensor)!.values, expected.values), tensor).toBeLessThan(1e-3);
  }
});
