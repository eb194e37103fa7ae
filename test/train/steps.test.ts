// Ten optimiser steps, clipped and with a schedule, against those of PyTorch.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adamWStep, newAdamWState } from '../../dist/train/adamw.js';
import { clipGradients, gradientNorm } from '../../dist/train/gradientNorm.js';
import { shareAt } from '../../dist/train/schedule.js';
import { temporaryFolder } from '../support/fixtures.js';
import { openTrainingGolden, relativeError, trainingGoldens } from '../support/training.js';

/** Those of make_training.py. */
const [STEPS, WARM_UP, LEARNING_RATE, MAX_NORM] = [10, 3, 2e-3, 1];

const out = temporaryFolder();

it.each(trainingGoldens())('%s: the weights after ten steps are those of PyTorch', async name => {
  const { session, batch, parameters, losses, afterTenSteps } = await openTrainingGolden(
    name,
    join(out, name),
  );
  const state = newAdamWState(parameters);
  for (let step = 0; step < STEPS; step++) {
    const { loss, gradients } = await session.step(batch, parameters);
    expect(Math.abs(loss - losses[step]!), `the loss of step ${step}`).toBeLessThan(1e-3 * losses[step]!);
    clipGradients(gradients, gradientNorm(gradients), MAX_NORM);
    adamWStep(parameters, gradients, state, LEARNING_RATE * shareAt('linear', step, STEPS, WARM_UP));
  }
  await session.close();
  for (const [tensor, { values }] of afterTenSteps) {
    expect(relativeError(parameters.tensors.get(tensor)!.values, values), tensor).toBeLessThan(1e-3);
  }
});
