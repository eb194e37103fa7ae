// The steps of a run: which examples each of them has, and how many there are.

import { epochBatches } from './batches.js';
import { type TrainingExample, tokensIn } from './examples.js';
import type { TrainOptions } from './options.js';

export interface PlannedStep {
  readonly examples: readonly TrainingExample[];
  readonly endsEpoch: boolean;
}

/** The steps of a run, one epoch after another. An epoch is planned when one of its steps is asked for. */
export class StepPlan {
  readonly #examples: readonly TrainingExample[];
  readonly #options: Pick<TrainOptions, 'batchTokens' | 'seed'>;
  readonly #steps: PlannedStep[] = [];
  #epochs = 0;

  constructor(examples: readonly TrainingExample[], options: Pick<TrainOptions, 'batchTokens' | 'seed'>) {
    this.#examples = examples;
    this.#options = options;
  }

  at(step: number): PlannedStep {
    while (this.#steps.length <= step) this.#addEpoch();
    return this.#steps[step]!;
  }

  /** The number of steps of the first `epochs` epochs. */
  count(epochs: number): number {
    while (this.#epochs < epochs) this.#addEpoch();
    return this.#steps.length;
  }

  #addEpoch(): void {
    const { batchTokens, seed } = this.#options;
    const batches = epochBatches(this.#examples.map(tokensIn), batchTokens, seed, this.#epochs++);
    for (const [i, indices] of batches.entries()) {
      this.#steps.push({
        examples: indices.map(index => this.#examples[index]!),
        endsEpoch: i === batches.length - 1,
      });
    }
  }
}

/** Of the steps that tell how long one takes, after a first one that warms up. */
const TIMED_STEPS = 3;

/** The number of steps that fit into so many minutes, by the time of a few, which `run` runs without an update. */
export async function affordableSteps(
  minutes: number,
  run: (step: number, steps: number) => Promise<unknown>,
): Promise<number> {
  await run(0, TIMED_STEPS + 1);
  const started = performance.now();
  for (let step = 1; step <= TIMED_STEPS; step++) await run(step, TIMED_STEPS + 1);
  const seconds = (performance.now() - started) / 1000 / TIMED_STEPS;
  return Math.max(1, Math.floor((60 * minutes) / seconds));
}
