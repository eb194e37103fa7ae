// One optimiser step: the gradients of a batch, clipped, and the update of the parameters.

import { countTokens } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import { adamWStep } from './adamw.js';
import { runsOf } from './batches.js';
import type { RunState, StepRecord } from './checkpoint.js';
import { type TrainingExample, targetsOf, tokensIn } from './examples.js';
import { clipGradients, gradientNorm } from './gradientNorm.js';
import type { TrainingGraph } from './graph.js';
import type { Lora } from './lora.js';
import type { TrainOptions } from './options.js';
import { Random } from './random.js';
import { shareAt } from './schedule.js';
import type { StepResult, TrainingSession } from './session.js';

/** The greatest norm of a step's gradients; larger ones are scaled down to it. */
const MAX_NORM = 1;

/** The most tokens of one pass. The batch of a step is split into passes, so that memory does not grow with it. */
export const PASS_TOKENS = 512;

/** The loss of a step's batch and its gradients, with the dropout of the state's next step. */
export async function gradientsOf(
  session: TrainingSession,
  { parameters, progress }: RunState,
  examples: readonly TrainingExample[],
  { lora, loss: kind }: TrainingGraph,
  seed: number,
): Promise<StepResult> {
  // The loss is the mean over rows, and over labels too where each of them is decided on its own.
  const rows = examples.reduce((sum, example) => sum + example.rows.length, 0);
  const lossScale = 1 / (kind === 'multi' ? rows * parameters.labels : rows);
  let total: StepResult | undefined;
  for (const [pass, part] of runsOf(examples, tokensIn, PASS_TOKENS).entries()) {
    const sequences = part.map(({ sequence }) => sequence);
    const targets = targetsOf(part, parameters.labels);
    const masks = dropoutMasks(lora, countTokens(sequences), [seed, 'dropout', progress.step, pass]);
    const result = await session.step({ sequences, targets, lossScale }, parameters, masks);
    total = total ? sumOf(total, result) : result;
  }
  return total!;
}

/** A mask for each module with LoRA; none without dropout. */
function dropoutMasks(
  lora: Lora,
  tokens: number,
  [seed, ...purpose]: readonly [seed: number, ...purpose: (string | number)[]],
): Map<string, Uint8Array> {
  const masks = new Map<string, Uint8Array>();
  if (lora.dropout === 0) return masks;
  for (const module of lora.modules) {
    const [, width] = lora.shapeOf(lora.a(module)) as [number, number];
    masks.set(module, new Random(seed, ...purpose, module).mask(tokens * width, lora.dropout));
  }
  return masks;
}

/** Adds the second result to the first, in place. */
function sumOf(total: StepResult, { loss, gradients }: StepResult): StepResult {
  for (const [name, sum] of total.gradients) {
    const more = gradients.get(name)!;
    for (let i = 0; i < sum.length; i++) sum[i]! += more[i]!;
  }
  return { loss: total.loss + loss, gradients: total.gradients };
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
        `${before ? `, after a loss of ${before.loss.toPrecision(4)} at a learning rate of ${before.learningRate.toPrecision(3)}` : ''}: give a smaller --lr, with --resume to go on from the state that was saved last`,
    );
  }
  clipGradients(gradients, norm, MAX_NORM);
  adamWStep(parameters, gradients, optimiser, learningRate);
  const record = { loss, learningRate, tokens };
  progress.records.push(record);
  progress.step++;
  return record;
}
