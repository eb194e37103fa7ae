// The state of a run on disk, from which it goes on after an interruption. It appears whole or not at all.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '../checkpoint/safetensors.js';
import { safetensorsBytes, type WrittenTensor } from '../checkpoint/safetensorsWriter.js';
import { writeFolderAtomically } from '../model/atomicFolder.js';
import type { ClassificationReport, EntityReport } from '../text/score.js';
import type { AdamWState } from './adamw.js';
import type { Parameters } from './parameters.js';

/** What was measured at a step. */
export interface StepRecord {
  readonly loss: number;
  readonly learningRate: number;
  readonly tokens: number;
}

/** What was measured after an epoch. */
export interface EpochRecord {
  /** Steps so far. */
  readonly step: number;
  readonly metric: string;
  readonly score: number;
  /** The scores of each label; none where a text may have several labels. */
  readonly report?: ClassificationReport | EntityReport;
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
  readonly progress: Progress;
  readonly parameters: Parameters;
  readonly optimiser: AdamWState;
  /** The parameters of the epoch with the best score; undefined before the first evaluation. */
  best: Parameters | undefined;
}

const STATE = 'state.json';
const TENSORS = 'state.safetensors';

/** Saves a state in the place of an earlier one. `options` are those that a run which goes on has to have as well. */
export async function saveState(folder: string, state: RunState, options: object): Promise<void> {
  const { progress, parameters, optimiser, best } = state;
  const tensors = new Map<string, WrittenTensor>();
  for (const [name, { shape, values }] of parameters.tensors) {
    tensors.set(`parameters.${name}`, { shape, values });
    tensors.set(`first.${name}`, { shape, values: optimiser.first.get(name)! });
    tensors.set(`second.${name}`, { shape, values: optimiser.second.get(name)! });
    if (best) tensors.set(`best.${name}`, best.tensors.get(name)!);
  }
  await writeFolderAtomically(folder, async partial => {
    writeFileSync(join(partial, TENSORS), safetensorsBytes(tensors));
    writeFileSync(
      join(partial, STATE),
      JSON.stringify({ options, optimiserSteps: optimiser.steps, progress }),
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

/** Reads a saved state. `labels` is the number of the head's rows. */
export async function readState(folder: string, labels: number): Promise<RunState> {
  const { optimiserSteps, progress } = JSON.parse(readFileSync(join(folder, STATE), 'utf8')) as {
    optimiserSteps: number;
    progress: Progress;
  };
  const source = openSafetensors(join(folder, TENSORS));
  const read = async (prefix: string) => {
    const tensors = new Map<string, WrittenTensor>();
    for (const { name, shape } of source.tensors.values()) {
      if (name.startsWith(prefix))
        tensors.set(name.slice(prefix.length), { shape, values: await source.read(name) });
    }
    return tensors;
  };
  const values = (tensors: ReadonlyMap<string, WrittenTensor>) =>
    new Map([...tensors].map(([name, tensor]) => [name, tensor.values]));
  try {
    const best = await read('best.');
    return {
      progress,
      parameters: { tensors: await read('parameters.'), labels },
      optimiser: {
        steps: optimiserSteps,
        first: values(await read('first.')),
        second: values(await read('second.')),
      },
      best: best.size > 0 ? { tensors: best, labels } : undefined,
    };
  } finally {
    source.close();
  }
}
