// One optimiser step: the gradients of a batch, clipped, and the update of the parameters.

import { countTokens } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import { adamWStep } from './adamw.js';
import type { RunState, StepRecord } from './checkpoint.js';
import { type TrainingExample, targetsOf } from './examples.js';
import { clipGradients, gradientNorm } from './gradientNorm.js';
import type { TrainingGraph } from './graph.js';
import type { TrainOptions } from './options.js';
import { Random } from './random.js';
import { shareAt } from './schedule.js';
import type { StepResult, TrainingSession } from './session.js';

/** The greatest norm of a step's gradients; larger ones are scaled down to it. */
const MAX_NORM = 1;

/** Runs forward and backward for some examples, with the dropout of the state's next step. */
export function gradientsOf(
  session: TrainingSession,
  { parameters, progress }: RunState,
  examples: readonly TrainingExample[],
  { lora, loss }: TrainingGraph,
  seed: number,
): Promise<StepResult> {
  const sequences = examples.map(({ sequence }) => sequence);
  const targets = targetsOf(examples, parameters.labels);
  // The loss is the mean over rows, and over labels too where each of them is decided on its own.
  const lossScale = loss === 'multi' ? 1 / targets.length : parameters.labels / targets.length;
  const masks = new Map<string, Uint8Array>();
  if (lora.dropout > 0) {
    const tokens = countTokens(sequences);
    for (const module of lora.modules) {
      const [, width] = lora.shapeOf(lora.a(module)) as [number, number];
      const random = new Random(seed, 'dropout', progress.step, module);
      masks.set(module, random.mask(tokens * width, lora.dropout));
    }
  }
  return session.step({ sequences, targets, lossScale }, parameters, masks);
}

/**
 * Updates the state by a step's gradients. Throws UserError, before anything is changed, where the loss or the gradients
 * are no numbers any more.
 */
export function takeStep(
  { parameters, optimiser, progress }: RunState,
  { loss, gradients }: StepResult,
  tokens: number,
  { learningRate: greatest, schedule, warmUp }: Pick<TrainOptions, 'learningRate' | 'schedule' | 'warmUp'>,
): StepRecord {
  const rising = Math.ceil(warmUp * progress.steps);
  const learningRate = greatest * shareAt(schedule, progress.step, progress.steps, rising);
  const norm = gradientNorm(gradients);
  for (const [what, value] of Object.entries({ loss, 'norm of the gradients': norm })) {
    if (Number.isFinite(value)) continue;
    const before = progress.records.at(-1);
    throw new UserError(
      `step ${progress.step + 1}: expected a number, found ${value} for the ${what}` +
        `${before ? `, after a loss of ${before.loss.toPrecision(4)} at a learning rate of ${before.learningRate.toPrecision(3)}` : ''}: give a smaller --lr`,
    );
  }
  clipGradients(gradients, norm, MAX_NORM);
  adamWStep(parameters, gradients, optimiser, learningRate);
  const record = { loss, learningRate, tokens };
  progress.records.push(record);
  progress.step++;
  return record;
}
