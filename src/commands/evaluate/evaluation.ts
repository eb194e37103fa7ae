// What the evaluations of all kinds of models share.

import type { LongText } from '../../predictor/encode.js';
import type { LoadedModel } from '../../predictor/model.js';
import type { Scores } from '../../text/score.js';
import type { Decoding } from '../../text/tags.js';
import type { Line } from '../jsonl.js';
import { startProgress } from '../progress.js';
import { alignedTable } from '../table.js';

export interface EvaluationOptions {
  readonly longText: LongText;
  readonly decoding?: Decoding;
}

export interface Evaluation {
  /** The report of the model's quality, for programs. */
  readonly report: object;
  /** The same for people. */
  readonly text: string;
}

/** Measures a model on labelled lines. Throws UserError for the first line that does not fit the model. */
export type Evaluate = (
  model: LoadedModel,
  lines: readonly Line[],
  options: EvaluationOptions,
) => Promise<Evaluation>;

/** Runs all examples at once, so that the scheduler can make batches of them. */
export async function runAll<T, R>(examples: readonly T[], run: (example: T) => Promise<R>): Promise<R[]> {
  const progress = startProgress();
  const name = 'examples';
  let done = 0;
  try {
    return await Promise.all(
      examples.map(async example => {
        const result = await run(example);
        progress.update(name, { stage: 'evaluating', done: ++done, total: examples.length });
        return result;
      }),
    );
  } finally {
    progress.end(name);
  }
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** The scores of each label, as a table. */
export function scoreTable(labels: Record<string, Scores>): string {
  return alignedTable([
    ['label', 'precision', 'recall', 'F1', 'count'],
    ...Object.entries(labels).map(([label, { precision, recall, f1, support }]) => [
      label,
      percent(precision),
      percent(recall),
      percent(f1),
      String(support),
    ]),
  ]);
}
