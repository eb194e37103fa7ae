// The state of a run on disk, from which it goes on after an interruption. It appears whole or not at all.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '../checkpoint/safetensors.js';
import { safetensorsBytes } from '../checkpoint/safetensorsWriter.js';
import { writeFolderAtomically } from '../model/atomicFolder.js';
import type { ClassificationReport, EntityReport, LabelSetReport } from '../text/score.js';
import type { AdamWState } from './adamw.js';
import type { WorkerShape } from './passes.js';

/** What was measured at a step. */
export interface StepRecord {
  readonly loss: number;
  readonly learningRate: number;
  readonly tokens: number;
}

/** What was measured by an evaluation: after each epoch, and after the last step. */
export interface EpochRecord {
  /** Steps so far. */
  readonly step: number;
  readonly metric: string;
  readonly score: number;
  readonly report: ClassificationReport | EntityReport | LabelSetReport;
}

/** How far a run is. */
export interface Progress {
  /** All steps, settled before the first one. */
  steps: number;
  step: number;
  readonly records: StepRecord[];
  readonly epochs: EpochRecord[];
  /** Seconds of training in all runs so far. */
  seconds: number;
}

export interface RunState {
  /** A run that goes on keeps them, because the order of its sums depends on them. */
  readonly workers: WorkerShape;
  readonly progress: Progress;
  /** The trained values. */
  readonly values: Float32Array;
  readonly optimiser: AdamWState;
  /** The values with the best score; undefined before the first evaluation. */
  best: Float32Array | undefined;
}

const STATE = 'state.json';
const TENSORS = 'state.safetensors';

/** Saves a state in the place of an earlier one. `options` are those that a run which goes on has to have as well. */
export async function saveState(folder: string, state: RunState, options: object): Promise<void> {
  const { workers, progress, values, optimiser, best } = state;
  const { steps, first, second } = optimiser;
  const arrays = Object.entries({ values, first, second, ...(best && { best }) });
  await writeFolderAtomically(folder, async partial => {
    const tensors = arrays.map(([name, array]) => [name, { shape: [array.length], values: array }] as const);
    writeFileSync(join(partial, TENSORS), safetensorsBytes(new Map(tensors)));
    writeFileSync(
      join(partial, STATE),
      JSON.stringify({ options, workers, optimiserSteps: steps, progress }),
    );
  });
}

export function hasState(folder: string): boolean {
  return existsSync(join(folder, STATE));
}

/** The options that a saved state was made with. */
export function optionsOf(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, STATE), 'utf8')).options;
}

export async function readState(folder: string): Promise<RunState> {
  const { workers, optimiserSteps, progress } = JSON.parse(readFileSync(join(folder, STATE), 'utf8')) as {
    workers: WorkerShape;
    optimiserSteps: number;
    progress: Progress;
  };
  const source = openSafetensors(join(folder, TENSORS));
  try {
    return {
      workers,
      progress,
      values: await source.read('values'),
      optimiser: {
        steps: optimiserSteps,
        first: await source.read('first'),
        second: await source.read('second'),
      },
      best: source.tensors.has('best') ? await source.read('best') : undefined,
    };
  } finally {
    source.close();
  }
}
