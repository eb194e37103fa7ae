// The steps of a run: each takes the gradients of a batch and updates the parameters; after each epoch the development set
// is scored.

import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../engine/packedCopy.js';
import { oneLine, UserError } from '../errors.js';
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
import { tokensOf } from './examples.js';
import { type GraphWriting, type TrainingGraph, writeTrainingGraph } from './graph.js';
import type { TrainOptions } from './options.js';
import { initialValues } from './parameters.js';
import { passesOf } from './passes.js';
import { affordableSteps, type PlannedStep, StepPlan } from './plan.js';
import { checkSame, settingsOf } from './resume.js';
import type { Gradients } from './session.js';
import type { Setup } from './setup.js';
import { checkedNorm, takeStep } from './step.js';
import { Workers } from './workers.js';

/** The stages of a run beside its steps: bytes of the graphs, steps that are timed, and texts that are scored. */
export type RunStage = 'preparing' | 'timing' | 'evaluating';

/** What a run tells while it is under way. */
export interface RunEvents {
  readonly onStage: (stage: RunStage, done: number, total: number) => void;
  /** Called with each line that the user should read. */
  readonly onNote: (note: string) => void;
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
  readonly #plan: StepPlan;
  readonly #events: RunEvents;
  readonly state: RunState;

  private constructor(
    options: TrainOptions,
    setup: Setup,
    folder: string,
    saved: string,
    plan: StepPlan,
    events: RunEvents,
    state: RunState,
  ) {
    this.#options = options;
    this.#setup = setup;
    this.#folder = folder;
    this.#saved = saved;
    this.#plan = plan;
    this.#events = events;
    this.state = state;
  }

  /** Writes the graphs into `folder`, and reads the state from `saved` where the run is resumed. */
  static async prepare(
    options: TrainOptions,
    setup: Setup,
    folder: string,
    saved: string,
    isResumed: boolean,
    events: RunEvents,
  ): Promise<Run> {
    const goesOn = isResumed && hasState(saved);
    if (goesOn) checkSame(optionsOf(saved), settingsOf(options, setup));
    const { graph, examples, dev } = setup;
    const onProgress = (done: number, total: number) => events.onStage('preparing', done, total);
    const writing = { version: VERSION, onProgress };
    await writePacked(join(folder, TRAINING), graph, { ...writing, withGradients: true });
    if (dev) await writePacked(join(folder, EVALUATION), graph, { ...writing, withGradients: false });
    const plan = new StepPlan(examples, options);
    const state = goesOn ? await readState(saved) : newState(options, setup, plan);
    return new Run(options, setup, folder, saved, plan, events, state);
  }

  /** Takes the steps that are left. */
  async train(): Promise<void> {
    const { onStage, onNote, onStep, onEvaluation } = this.#events;
    const { progress } = this.state;
    const workers = await this.#startWorkers(TRAINING);
    try {
      const { minutes } = this.#options;
      if (minutes !== undefined && progress.step === 0) {
        const affordable = await affordableSteps(minutes, (step, total) => {
          onStage('timing', step, total);
          return this.#gradients(workers, this.#plan.at(step));
        });
        progress.steps = Math.min(progress.steps, affordable);
        onNote(`${progress.steps} steps are planned: ${affordable} fit into ${minutes} minutes`);
      }
      let savedAt = performance.now();
      let isSaveDue = false;
      while (progress.step < progress.steps) {
        const step = this.#plan.at(progress.step);
        const started = performance.now();
        const gradients = await this.#gradients(workers, step);
        const norm = checkedNorm(progress, gradients);
        // Only now is it known that a run can go on from the values that the step before made.
        if (isSaveDue) {
          await saveState(this.#saved, this.state, settingsOf(this.#options, this.#setup));
          this.#touch();
          savedAt = performance.now();
        }
        takeStep(this.state, gradients, norm, tokensOf(step.examples), this.#options);
        progress.seconds += (performance.now() - started) / 1000;
        onStep(progress);
        if (step.endsEpoch || progress.step === progress.steps) {
          const record = await this.#evaluate();
          if (record) onEvaluation(record);
          if (isStale(progress.epochs, this.#options.patience)) {
            onNote(`training ends: no better score for ${this.#options.patience} epochs (--patience)`);
            return;
          }
        }
        isSaveDue = step.endsEpoch || performance.now() - savedAt > 1000 * SAVE_SECONDS;
      }
    } finally {
      await workers.close();
    }
  }

  #startWorkers(graph: string): Promise<Workers> {
    const { layout } = this.#setup;
    const { workers } = this.state;
    const dropout = this.#options.lora.dropout;
    return Workers.start(
      join(this.#folder, graph),
      { layout, dropout, threads: workers.threads },
      workers.count,
    );
  }

  /** The loss of a step's batch and its gradients, with the dropout of the state's next step. */
  #gradients(workers: Workers, { examples }: PlannedStep): Promise<Gradients> {
    const { loss } = this.#setup.graph;
    const passes = passesOf(examples, {
      workers: workers.count,
      labels: this.#setup.labels.length,
      loss,
      random: [this.#options.seed, 'dropout', this.state.progress.step],
    });
    return workers.gradients(passes, this.state.values);
  }

  /** Scores the trained values on the development set, and keeps them if they are the best so far. */
  async #evaluate(): Promise<EpochRecord | undefined> {
    const { dev, graph, labels } = this.#setup;
    if (!dev) return undefined;
    const { progress, values } = this.state;
    const workers = await this.#startWorkers(EVALUATION);
    let evaluation: Evaluation;
    try {
      evaluation = await evaluate(workers, dev, values, {
        task: this.#options.task,
        loss: graph.loss,
        labels,
        onProgress: (done, total) => this.#events.onStage('evaluating', done, total),
      });
    } finally {
      await workers.close();
    }
    if (progress.epochs.every(({ score }) => evaluation.score > score)) this.state.best = values.slice();
    const record = { step: progress.step, ...evaluation };
    progress.epochs.push(record);
    return record;
  }

  /** Other machines that share the disk take a temporary folder for abandoned when it was not touched for an hour. */
  #touch(): void {
    const now = new Date();
    utimesSync(this.#folder, now, now);
  }
}

/**
 * Writes a graph with its weights packed for this processor. The workers map this file, so its weights are in memory once.
 * Throws UserError where the disk has no room for it.
 */
async function writePacked(folder: string, graph: TrainingGraph, writing: GraphWriting): Promise<void> {
  const unpacked = `${folder}-unpacked`;
  mkdirSync(unpacked);
  mkdirSync(folder);
  await writeTrainingGraph(unpacked, graph, writing);
  await pack(unpacked, folder).catch((error: Error) => {
    throw new UserError(
      `${folder}: the weights, packed for this processor, cannot be written: ${oneLine(error.message)}`,
    );
  });
  rmSync(unpacked, { recursive: true });
}

/** The state before the first step. */
function newState(options: TrainOptions, { layout, graph, workers }: Setup, plan: StepPlan): RunState {
  const values = initialValues(layout, graph.lora, graph.head, options.seed);
  const steps = options.epochs === undefined ? Number.POSITIVE_INFINITY : plan.count(options.epochs);
  return {
    workers,
    progress: { steps, step: 0, records: [], epochs: [], seconds: 0 },
    values,
    optimiser: newAdamWState(values.length),
    best: undefined,
  };
}

/** Whether the best score is at least `patience` evaluations old. */
function isStale(epochs: readonly EpochRecord[], patience: number): boolean {
  const scores = epochs.map(({ score }) => score);
  return epochs.length - 1 - scores.indexOf(Math.max(...scores)) >= patience;
}
