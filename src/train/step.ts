// One optimiser step: the gradients of a batch, clipped, and the update of the trained values.

import { adamWStep } from './adamw.js';
import type { Progress, RunState } from './checkpoint.js';
import { diverged } from './diverged.js';
import { clipGradients, gradientNorm } from './gradientNorm.js';
import type { TrainOptions } from './options.js';
import { shareAt } from './schedule.js';
import type { Gradients } from './session.js';

/** The greatest norm of a step's gradients; larger ones are scaled down to it. */
const MAX_NORM = 1;

/** The norm of the next step's gradients. Throws UserError where it or the loss is no number any more. */
export function checkedNorm({ step, records }: Progress, { loss, values }: Gradients): number {
  const norm = gradientNorm(values);
  for (const [what, value] of Object.entries({ loss, 'norm of the gradients': norm })) {
    if (Number.isFinite(value)) continue;
    const before = records.at(-1);
    throw diverged(
      `step ${step + 1}: expected a number, found ${value} for the ${what}` +
        `${before ? `, after a loss of ${before.loss.toPrecision(4)} at a learning rate of ${before.learningRate.toPrecision(3)}` : ''}`,
    );
  }
  return norm;
}

/** Updates the state by a step's gradients, which have the norm `norm` and are clipped in place. */
export function takeStep(
  { values, optimiser, progress }: RunState,
  { loss, values: gradients }: Gradients,
  norm: number,
  tokens: number,
  { learningRate: greatest, schedule, warmUp }: Pick<TrainOptions, 'learningRate' | 'schedule' | 'warmUp'>,
): void {
  // The learning rate of the first step of a warm-up is zero.
  const rising = Math.min(Math.ceil(warmUp * progress.steps), progress.steps - 1);
  const learningRate = greatest * shareAt(schedule, progress.step, progress.steps, rising);
  clipGradients(gradients, norm, MAX_NORM);
  adamWStep(values, gradients, optimiser, learningRate);
  progress.records.push({ loss, learningRate, tokens });
  progress.step++;
}
