// The passes of an optimiser step: its batch is split, so that memory does not grow with it and every worker has a part.

import { evenRunsOf, evenSharesOf } from './batches.js';
import { rowsIn, type TrainingExample, targetsOf, tokensIn, tokensOf } from './examples.js';
import type { LossKind } from './loss.js';
import type { Pass } from './session.js';

/**
 * About the most tokens of a pass. With 512 a pass takes no less time for each token, but twice the memory, and its tensors
 * do not fit into the second-level cache.
 */
export const PASS_TOKENS = 256;

export interface WorkerShape {
  /** Processes. */
  readonly count: number;
  /** Threads of each process. */
  readonly threads: number;
}

/** The processes that share a step of so many tokens, and the threads that each has. */
export function workersFor(batchTokens: number, cores: number): WorkerShape {
  const most = Math.max(1, Math.floor(batchTokens / PASS_TOKENS));
  const count = Math.floor(cores / Math.ceil(cores / most));
  return { count, threads: Math.floor(cores / count) };
}

export interface PassOptions {
  readonly workers: number;
  readonly labels: number;
  readonly loss: LossKind;
  /** The seed, the purpose and the step; the worker and the pass are added to them. */
  readonly random: Pass['random'];
}

/** The passes of a step, for each worker that has some. A pass has texts of similar length, so that it needs little padding. */
export function passesOf(
  examples: readonly TrainingExample[],
  { workers, labels, loss, random }: PassOptions,
): Pass[][] {
  const passes = Math.ceil(tokensOf(examples) / (workers * PASS_TOKENS));
  // The loss is the mean over rows, and over labels too where each of them is decided on its own.
  const terms = rowsIn(examples) * (loss === 'multi' ? labels : 1);
  return evenSharesOf(examples, tokensIn, workers).map((share, worker) =>
    evenRunsOf(share, tokensIn, passes).map((part, pass) => ({
      sequences: part.map(({ sequence }) => sequence),
      targets: targetsOf(part, labels),
      lossScale: 1 / terms,
      random: [...random, worker, pass],
    })),
  );
}
