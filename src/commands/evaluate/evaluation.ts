// What the evaluations of all kinds of models share.

import type { Reference } from '../../model/manifest.js';
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
  readonly fitTemperature?: true;
}

export interface Evaluation {
  /** The report of the model's quality, for programs. */
  readonly report: object;
  /** The same for people: single figures, and tables. */
  readonly facts: readonly Fact[];
  readonly sections: readonly Section[];
  /** The temperature that fits the data best, where it was asked for. */
  readonly temperature?: number;
  /** What was predicted. A regression has none. */
  readonly reference?: Reference;
}

export type Fact = readonly [name: string, value: string];

export interface Section {
  readonly title: string;
  /** A table with its header. The first cell of a row names it. */
  readonly rows: readonly (readonly string[])[];
  /** How dark the cells are on a page, from 0 to 1: [rows without the header][columns without the name]. */
  readonly shades?: readonly (readonly number[])[];
  /** HTML that a page shows after the table. */
  readonly figures?: readonly string[];
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
  const name = 'eval';
  const stage = { stage: 'evaluating', total: examples.length, unit: 'examples' };
  let done = 0;
  progress.update(name, { ...stage, done });
  try {
    return await Promise.all(
      examples.map(async example => {
        const result = await run(example);
        progress.update(name, { ...stage, done: ++done });
        return result;
      }),
    );
  } finally {
    progress.end(name);
  }
}

/** The figures and tables of an evaluation in plain text. */
export function evaluationText({ facts, sections }: Evaluation): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  const figures = facts.map(([name, value]) => `${name.padEnd(width)} ${value}\n`).join('');
  return [figures, ...sections.map(({ rows }) => alignedTable(rows))].join('\n');
}

/** The shares of labels among predictions, and their mean score. There may be no prediction. */
export function referenceOf(
  predictions: readonly { readonly label: string; readonly score: number }[],
): Reference {
  const counts = new Map<string, number>();
  for (const { label } of predictions) counts.set(label, (counts.get(label) ?? 0) + 1);
  const shares = [...counts].sort().map(([label, count]) => [label, count / predictions.length]);
  const score = predictions.reduce((sum, prediction) => sum + prediction.score, 0) / predictions.length;
  return { labels: Object.fromEntries(shares), ...(predictions.length > 0 && { score }) };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** The scores of each label. */
export function scoreSection(title: string, labels: Record<string, Scores>): Section {
  return {
    title,
    rows: [
      ['label', 'precision', 'recall', 'F1', 'count'],
      ...Object.entries(labels).map(([label, { precision, recall, f1, support }]) => [
        label,
        percent(precision),
        percent(recall),
        percent(f1),
        String(support),
      ]),
    ],
  };
}
