// The steps of a run: which examples each of them has, and how many there are.

import { epochBatches } from './batches.js';
import { type TrainingExample, tokensIn } from './examples.js';
import type { TrainOptions } from './options.js';

export interface PlannedStep {
  readonly examples: readonly TrainingExample[];
  readonly endsEpoch: boolean;
}

/** The batches of all epochs, one after another. */
export function plannedSteps(
  examples: readonly TrainingExample[],
  { epochs, batchTokens, seed }: Pick<TrainOptions, 'epochs' | 'batchTokens' | 'seed'>,
): PlannedStep[] {
  const lengths = examples.map(tokensIn);
  return Array.from({ length: epochs }, (_, epoch) => {
    const batches = epochBatches(lengths, batchTokens, seed, epoch);
    return batches.map((indices, i) => ({
      examples: indices.map(index => examples[index]!),
      endsEpoch: i === batches.length - 1,
    }));
  }).flat();
}

/** Steps that are timed where their number depends on the time, after a first one that is not. */
const TIMED_STEPS = 3;

/** The number of steps that fit into so many minutes, by the time of a few, which `run` runs without an update. */
export async function affordableSteps(
  minutes: number,
  run: (step: number) => Promise<unknown>,
): Promise<number> {
  await run(0);
  const started = performance.now();
  for (let step = 1; step <= TIMED_STEPS; step++) await run(step);
  const seconds = (performance.now() - started) / 1000 / TIMED_STEPS;
  return Math.max(1, Math.floor((60 * minutes) / seconds));
}
