// Fine-tunes a base as a classifier or tagger with LoRA. The base is frozen; every optimiser step runs one graph, whose
// outputs are the loss of a batch and its gradients.

import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { countTokens } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import { usableCores } from '../machine/cores.js';
import { makeTemporaryFolder, writeError, writeFolderAtomically } from '../model/atomicFolder.js';
import { VERSION } from '../version.js';
import { newAdamWState } from './adamw.js';
import { writeAdapter } from './adapterFiles.js';
import {
  type EpochRecord,
  hasState,
  optionsOf,
  type Progress,
  type RunState,
  readState,
  saveState,
} from './checkpoint.js';
import { type Evaluation, evaluate } from './evaluate.js';
import { writeTrainingGraph } from './graph.js';
import type { TrainingData, TrainOptions } from './options.js';
import { copyOf, initialParameters } from './parameters.js';
import { affordableSteps, type PlannedStep, plannedSteps } from './plan.js';
import { TrainingSession } from './session.js';
import { type Setup, setUp } from './setup.js';
import { gradientsOf, takeStep } from './step.js';

/** What a run tells while it is under way. */
export interface TrainEvents {
  readonly onStep: (progress: Readonly<Progress>) => void;
  readonly onEvaluation: (record: EpochRecord) => void;
  readonly onNote: (note: string) => void;
}

export interface TrainResult {
  readonly labels: readonly string[];
  readonly progress: Readonly<Progress>;
}

/** The folders of the two graphs. */
const TRAINING = 'training';
const EVALUATION = 'evaluation';
/** Between two times that the state is saved, beside the ends of epochs. Seconds. */
const SAVE_SECONDS = 60;

/**
 * Trains, and writes the folder `out` with the adapter and its recipe. `isResumed`: goes on where an earlier run of the
 * same options and data was interrupted; the result is the same, bit for bit, as without the interruption.
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
  const work = makeTemporaryFolder(target);
  const removeWork = () => rmSync(work, { recursive: true, force: true });
  process.once('exit', removeWork);
  try {
    const saved = join(dirname(target), `.${basename(target)}-training`);
    const run = await Run.prepare(options, setup, work, saved, isResumed);
    await run.train(events);
    await writeFolderAtomically(target, async folder => {
      const { state } = run;
      writeAdapter(folder, {
        ...options,
        ...setup,
        parameters: state.best ?? state.parameters,
        recipe: recipeOf(options, setup, target),
      });
    });
    rmSync(saved, { recursive: true, force: true });
    return { labels: setup.labels, progress: run.state.progress };
  } catch (error) {
    throw writeError(out, error);
  } finally {
    setup.close();
    process.off('exit', removeWork);
    removeWork();
  }
}

/** The recipe beside the adapter. Its paths are relative to the folder `target`. */
function recipeOf({ base, task, attention, maxLength }: TrainOptions, setup: Setup, target: string) {
  const { labels, pooling, graph } = setup;
  return {
    base: relative(target, resolve(base)),
    task,
    attention,
    ...(pooling && { pooling }),
    labels,
    ...(graph.loss === 'multi' && { problemType: 'multi' }),
    maxLength,
  };
}

/** The steps of a run, from the state that it begins with. */
class Run {
  readonly #options: TrainOptions;
  readonly #setup: Setup;
  readonly #folder: string;
  readonly #saved: string;
  readonly #steps: readonly PlannedStep[];
  readonly state: RunState;

  private constructor(
    options: TrainOptions,
    setup: Setup,
    folder: string,
    saved: string,
    steps: readonly PlannedStep[],
    state: RunState,
  ) {
    this.#options = options;
    this.#setup = setup;
    this.#folder = folder;
    this.#saved = saved;
    this.#steps = steps;
    this.state = state;
  }

  /** Writes the graphs into `folder`, and reads the state from `saved` where the run is resumed. */
  static async prepare(
    options: TrainOptions,
    setup: Setup,
    folder: string,
    saved: string,
    isResumed: boolean,
  ): Promise<Run> {
    const { graph, examples, labels, dev } = setup;
    const write = async (name: string, withGradients: boolean) => {
      mkdirSync(join(folder, name));
      await writeTrainingGraph(join(folder, name), graph, { withGradients, version: VERSION });
    };
    await write(TRAINING, true);
    if (dev) await write(EVALUATION, false);
    const steps = plannedSteps(examples, options);
    if (isResumed && hasState(saved)) {
      checkSame(optionsOf(saved), settingsOf(options, setup));
      return new Run(options, setup, folder, saved, steps, await readState(saved, labels.length));
    }
    const parameters = initialParameters(graph.lora, graph.head, graph.decoder.hiddenSize, options.seed);
    const progress = { steps: steps.length, step: 0, records: [], epochs: [], seconds: 0 };
    const state = { progress, parameters, optimiser: newAdamWState(parameters), best: undefined };
    return new Run(options, setup, folder, saved, steps, state);
  }

  /** Takes the steps that are left. */
  async train({ onStep, onEvaluation }: TrainEvents): Promise<void> {
    const { progress } = this.state;
    const session = await TrainingSession.load(join(this.#folder, TRAINING), usableCores());
    const gradients = (step: PlannedStep) =>
      gradientsOf(session, this.state, step.examples, this.#setup.graph, this.#options.seed);
    try {
      const { minutes } = this.#options;
      if (minutes !== undefined && progress.step === 0) {
        const affordable = await affordableSteps(minutes, step =>
          gradients(this.#steps[step % this.#steps.length]!),
        );
        progress.steps = Math.min(progress.steps, affordable);
      }
      let savedAt = performance.now();
      while (progress.step < progress.steps) {
        const step = this.#steps[progress.step]!;
        const started = performance.now();
        const tokens = countTokens(step.examples.map(({ sequence }) => sequence));
        takeStep(this.state, await gradients(step), tokens, this.#options);
        progress.seconds += (performance.now() - started) / 1000;
        onStep(progress);
        if (step.endsEpoch || progress.step === progress.steps) {
          const record = await this.#evaluate();
          if (record) onEvaluation(record);
          if (isStale(progress.epochs, this.#options.patience)) return;
        }
        if (step.endsEpoch || performance.now() - savedAt > 1000 * SAVE_SECONDS) {
          await saveState(this.#saved, this.state, settingsOf(this.#options, this.#setup));
          savedAt = performance.now();
        }
      }
    } finally {
      await session.close();
    }
  }

  /** Scores the parameters on the development set, and keeps them if they are the best so far. */
  async #evaluate(): Promise<EpochRecord | undefined> {
    const { dev, graph, labels } = this.#setup;
    if (!dev) return undefined;
    const { progress, parameters } = this.state;
    const session = await TrainingSession.load(join(this.#folder, EVALUATION), usableCores());
    let evaluation: Evaluation;
    try {
      evaluation = await evaluate(session, dev, parameters, {
        task: this.#options.task,
        loss: graph.loss,
        labels,
      });
    } finally {
      await session.close();
    }
    if (progress.epochs.every(({ score }) => evaluation.score > score)) this.state.best = copyOf(parameters);
    const record = { step: progress.step, ...evaluation };
    progress.epochs.push(record);
    return record;
  }
}

/** Whether the best score is at least `patience` evaluations old. */
function isStale(epochs: readonly EpochRecord[], patience: number): boolean {
  const scores = epochs.map(({ score }) => score);
  return epochs.length - 1 - scores.indexOf(Math.max(...scores)) >= patience;
}

/**
 * What a run that goes on has to have as the interrupted one had it. The learning rate may change, for a run whose loss
 * was no number any more.
 */
function settingsOf(
  { learningRate: _, ...options }: TrainOptions,
  { labels, examples }: Setup,
): Record<string, unknown> {
  return JSON.parse(JSON.stringify({ ...options, labels, texts: examples.length }));
}

function checkSame(saved: Record<string, unknown>, now: Record<string, unknown>): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(now)])) {
    const [before, after] = [saved, now].map(settings => JSON.stringify(settings[key]) ?? 'none');
    if (before === after) continue;
    throw new UserError(`--resume: expected the ${key} of the interrupted run, ${before}, found ${after}`);
  }
}
