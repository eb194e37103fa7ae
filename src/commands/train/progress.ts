// The progress of a training run on standard error.

import { mean } from 'd3-array';
import { oneLine } from '../../errors.js';
import type { RunEvents, RunStage } from '../../train/run.js';
import { percent } from '../evaluate/evaluation.js';
import { startProgress } from '../progress.js';
import { tokensPerSecond } from './report.js';

/** The name of the work. */
const NAME = 'train';
/** What is counted in each stage, where its rate is of interest. */
const UNITS: Readonly<Record<RunStage, string | undefined>> = {
  preparing: undefined,
  timing: undefined,
  evaluating: 'texts',
};
/** The loss that is told is the mean of so many steps. */
const RECENT_STEPS = 20;

export class TrainProgress {
  readonly #progress = startProgress();

  readonly events: RunEvents = {
    onStage: (stage, done, total) => this.#progress.update(NAME, { stage, done, total, unit: UNITS[stage] }),
    onNote: note => this.#progress.print(`${oneLine(note)}\n`),
    onStep: run => {
      const loss = mean(run.records.slice(-RECENT_STEPS), record => record.loss)!;
      this.#progress.update(NAME, {
        stage: 'training',
        done: run.step,
        total: run.steps,
        unit: 'steps',
        detail: `loss ${loss.toFixed(4)}, ${Math.round(tokensPerSecond(run))} tokens/s`,
      });
    },
    onEvaluation: ({ step, metric, score }) =>
      this.#progress.print(`step ${step}: ${metric} ${percent(score)}\n`),
  };

  end(): void {
    this.#progress.end(NAME);
  }
}
