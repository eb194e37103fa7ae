// The steps of a run: each takes the gradients of a batch and updates the parameters; after each epoch the development set
// is scored.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { countTokens } from '../engine/sequence.js';
import { usableCores } from '../machine/cores.js';
import { VERSION } from '../version.js';
import { newAdamWState } from './adamw.js';
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
import type { TrainOptions } from './options.js';
import { copyOf, initialParameters } from './parameters.js';
import { affordableSteps, type PlannedStep, plannedSteps } from './plan.js';
import { checkSame, settingsOf } from './resume.js';
import { TrainingSession } from './session.js';
import type { Setup } from './setup.js';
import { gradientsOf, takeStep } from './step.js';

/** What a run tells while it is under way. */
export interface RunEvents {
  readonly onStep: (progress: Readonly<Progress>) => void;
  readonly onEvaluation: (record: EpochRecord) => void;
}

/** The folders of the two graphs. */
const TRAINING = 'training';
const EVALUATION = 'evaluation';
/** Between two times that the state is saved, beside the ends of epochs. Seconds. */
const SAVE_SECONDS = 60;

export class Run {
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
  async train({ onStep, onEvaluation }: RunEvents): Promise<void> {
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
