// Ten optimiser steps, clipped and with a schedule, against those of PyTorch.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adamWStep, newAdamWState } from '../../dist/train/adamw.js';
import { clipGradients, gradientNorm } from '../../dist/train/gradientNorm.js';
import { tensorsOf } from '../../dist/train/parameters.js';
import { shareAt } from '../../dist/train/schedule.js';
import { temporaryFolder } from '../support/fixtures.js';
import { openTrainingGolden, relativeError, trainingGoldens } from '../support/training.js';

/** Those of make_training.py. */
const [STEPS, WARM_UP, LEARNING_RATE, MAX_NORM] = [10, 3, 2e-3, 1];

const out = temporaryFolder();

it.each(trainingGoldens())('%s: the weights after ten steps are those of PyTorch', async name => {
  const { session, pass, layout, values, losses, afterTenSteps } = await openTrainingGolden(
    name,
    join(out, name),
  );
  const state = newAdamWState(values.length);
  for (let step = 0; step < STEPS; step++) {
    const { loss, values: gradients } = await session.gradients([pass], values);
    expect(Math.abs(loss - losses[step]!), `the loss of step ${step}`).toBeLessThan(1e-3 * losses[step]!);
    clipGradients(gradients, gradientNorm(gradients), MAX_NORM);
    adamWStep(values, gradients, state, LEARNING_RATE * shareAt('linear', step, STEPS, WARM_UP));
  }
  await session.close();
  const trained = tensorsOf(layout, values);
  for (const [tensor, expected] of afterTenSteps) {
    expect(relativeError(trained.get(tensor)!.values, expected.values), tensor).toBeLessThan(1e-3);
  }
});
