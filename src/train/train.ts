// Fine-tunes a base as a classifier or tagger with LoRA. The base is frozen; every optimiser step runs one graph, whose
// outputs are the loss of a batch and its gradients.

import { realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import {
  makeTemporaryFolder,
  removeAbandoned,
  writeError,
  writeFolderAtomically,
} from '../model/atomicFolder.js';
import { writeAdapter } from './adapterFiles.js';
import { hasState, type Progress } from './checkpoint.js';
import type { TrainingData, TrainOptions } from './options.js';
import { Run, type RunEvents } from './run.js';
import { type Setup, setUp } from './setup.js';

export interface TrainResult {
  readonly labels: readonly string[];
  readonly progress: Readonly<Progress>;
}

export interface TrainEvents extends RunEvents {
  /** Adds files to the folder with the adapter, before it appears. */
  readonly onFolder: (folder: string, result: TrainResult) => void;
}

/**
 * Trains, and writes the folder `out` with the adapter and its recipe. `isResumed`: goes on where an earlier run of the
 * same options and data was interrupted, or anew where none was; the result is the same, bit for bit, as without the
 * interruption.
 * Throws UserError where the base cannot be trained, the data does not fit, the loss is no number any more, or the disk is
 * full; the state that was saved last stays on disk then.
 */
export async function train(
  options: TrainOptions,
  data: TrainingData,
  out: string,
  isResumed: boolean,
  events: TrainEvents,
): Promise<TrainResult> {
  const target = resolve(out);
  const setup = setUp(options, data);
  for (const note of setup.notes) events.onNote(note);
  let work: string | undefined;
  const removeWork = () => work && rmSync(work, { recursive: true, force: true });
  process.once('exit', removeWork);
  try {
    work = makeTemporaryFolder(target);
    const saved = join(dirname(target), `.${basename(target)}-training`);
    // A run that was killed while it replaced its state has the old one under another name.
    removeAbandoned(saved);
    if (!isResumed) rmSync(saved, { recursive: true, force: true });
    else if (!hasState(saved))
      events.onNote(`--resume: found no interrupted run of ${out}, so this one is new`);
    const run = await Run.prepare(options, setup, work, saved, isResumed, events);
    await run.train();
    const result = { labels: setup.labels, progress: run.state.progress };
    await writeFolderAtomically(target, async folder => {
      const { state } = run;
      writeAdapter(folder, {
        ...options,
        ...setup,
        values: state.best ?? state.values,
        recipe: recipeOf(options, setup, target),
      });
      events.onFolder(folder, result);
    });
    rmSync(saved, { recursive: true, force: true });
    return result;
  } catch (error) {
    throw writeError(out, error);
  } finally {
    setup.close();
    process.off('exit', removeWork);
    removeWork();
  }
}

/** The recipe beside the adapter. Its paths are relative to the folder `target`, as it is reached without links. */
function recipeOf(
  { base, task, attention, bidirectionalFrom, maxLength }: TrainOptions,
  setup: Setup,
  target: string,
) {
  const { labels, pooling, graph } = setup;
  const folder = join(realpathSync(dirname(target)), basename(target));
  return {
    base: relative(folder, resolve(base)),
    task,
    attention,
    ...(bidirectionalFrom !== undefined && { bidirectionalFrom }),
    ...(pooling && { pooling }),
    labels,
    problemType: graph.loss,
    maxLength,
  };
}
