// How good the adapter is so far: predictions for the development set, by a forward pass in float32.

import type { Task } from '../model/manifest.js';
import { parseTag, readNotation } from '../text/notation.js';
import { Scheme } from '../text/scheme.js';
import {
  type ClassificationReport,
  classificationReport,
  type EntityReport,
  entityReport,
  type LabelSetReport,
  labelSetReport,
} from '../text/score.js';
import { decode } from '../text/tags.js';
import { runsOf } from './batches.js';
import { diverged } from './diverged.js';
import { type TrainingExample, tokensIn } from './examples.js';
import type { LossKind } from './loss.js';
import type { Workers } from './workers.js';

/** Tokens of a forward pass. */
const BATCH_TOKENS = 512;

export interface Evaluation {
  readonly metric: 'accuracy' | 'entity F1' | 'micro F1';
  readonly score: number;
  readonly report: ClassificationReport | EntityReport | LabelSetReport;
}

export interface EvaluateOptions {
  readonly task: Task;
  readonly loss: LossKind;
  readonly labels: readonly string[];
  /** Examples. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Scores the trained values on examples. */
export async function evaluate(
  workers: Workers,
  examples: readonly TrainingExample[],
  values: Float32Array,
  { task, loss, labels, onProgress }: EvaluateOptions,
): Promise<Evaluation> {
  const logits = await logitsOf(workers, examples, values, { labels: labels.length, onProgress });
  if (task === 'token') return entities(examples, logits, labels);
  return loss === 'multi' ? labelSets(examples, logits, labels) : classes(examples, logits, labels);
}

/** One row of logits for each row of each example. */
async function logitsOf(
  workers: Workers,
  examples: readonly TrainingExample[],
  values: Float32Array,
  { labels, onProgress }: Pick<EvaluateOptions, 'onProgress'> & { readonly labels: number },
): Promise<Float32Array[][]> {
  const lengthOf = (i: number) => tokensIn(examples[i]!);
  const order = examples.map((_, i) => i).sort((a, b) => lengthOf(a) - lengthOf(b));
  const logits: Float32Array[][] = new Array(examples.length);
  const batches = runsOf(order, lengthOf, BATCH_TOKENS);
  const sequences = batches.map(batch => batch.map(i => examples[i]!.sequence));
  let done = 0;
  onProgress(done, examples.length);
  const found = await workers.logits(sequences, values, batch => {
    done += batches[batch]!.length;
    onProgress(done, examples.length);
  });
  for (const [b, batchLogits] of found.entries()) {
    if (!batchLogits.every(Number.isFinite)) {
      throw diverged('a logit of a text of --dev is no number any more');
    }
    let at = 0;
    for (const i of batches[b]!) {
      logits[i] = examples[i]!.rows.map((_, row) => {
        const start = at + row * labels;
        return batchLogits.slice(start, start + labels);
      });
      at += examples[i]!.rows.length * labels;
    }
  }
  return logits;
}

function classes(
  examples: readonly TrainingExample[],
  logits: readonly Float32Array[][],
  labels: readonly string[],
): Evaluation {
  const pairs = examples.map(({ rows }, i): [string, string] => {
    const [row] = logits[i]!;
    return [labels[rows[0]![0]!]!, labels[row!.indexOf(Math.max(...row!))]!];
  });
  const report = classificationReport(pairs, labels);
  return { metric: 'accuracy', score: report.accuracy, report };
}

/** Labels whose probability is at least one half are predicted: their logits are not below zero. */
function labelSets(
  examples: readonly TrainingExample[],
  logits: readonly Float32Array[][],
  labels: readonly string[],
): Evaluation {
  const pairs = examples.map(({ rows }, i) => {
    const predicted = labels.filter((_, row) => logits[i]![0]![row]! >= 0);
    return [new Set(rows[0]!.map(row => labels[row]!)), new Set(predicted)] as const;
  });
  const report = labelSetReport(pairs, labels);
  return { metric: 'micro F1', score: report.f1, report };
}

function entities(
  examples: readonly TrainingExample[],
  logits: readonly Float32Array[][],
  labels: readonly string[],
): Evaluation {
  const notation = readNotation(labels);
  const scheme = new Scheme(labels, notation);
  const report = entityReport(
    examples.map(({ rows }, i) => {
      const gold = rows.map(([tag]) => parseTag(labels[tag!]!, notation));
      const predicted = decode(logits[i]!, scheme, 'valid').map(({ label }) => scheme.tags[label]!);
      return [gold, predicted] as const;
    }),
  );
  return { metric: 'entity F1', score: report.f1, report };
}
