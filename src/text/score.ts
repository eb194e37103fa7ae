// Quality of predictions: accuracy and F1 of labels, and F1 of entities as seqeval counts it.

import type { Tag } from './notation.js';
import { entitySpans } from './spans.js';

export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Number of examples, or entities, with this label in the gold answers. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly accuracy: number;
  readonly macro_f1: number;
  readonly labels: Record<string, Scores>;
  /** confusion[gold][predicted]: number of examples. */
  readonly confusion: Record<string, Record<string, number>>;
}

/** Scores over the entities of all labels (micro average), and per label. */
export interface EntityReport extends Scores {
  readonly labels: Record<string, Scores>;
}

/** Scores over the decisions on all labels of all examples (micro average), and per label. */
export interface LabelSetReport extends Scores {
  readonly macro_f1: number;
  /** The share of examples of which all labels are found, and no other. */
  readonly exact_match: number;
  readonly labels: Record<string, Scores>;
}

/** @param pairs gold and predicted label of each example, all of them among `labels` */
export function classificationReport(
  pairs: readonly (readonly [string, string])[],
  labels: readonly string[],
): ClassificationReport {
  const confusion = Object.fromEntries(
    labels.map(gold => [gold, Object.fromEntries(labels.map(predicted => [predicted, 0]))]),
  );
  for (const [gold, predicted] of pairs) confusion[gold]![predicted]!++;
  const perLabel = Object.fromEntries(
    labels.map(label => {
      const correct = confusion[label]![label]!;
      const predicted = labels.reduce((sum, gold) => sum + confusion[gold]![label]!, 0);
      const support = Object.values(confusion[label]!).reduce((sum, count) => sum + count, 0);
      return [label, scores(correct, predicted, support)];
    }),
  );
  // As in scikit-learn, a label that is neither in the gold answers nor predicted does not count in the macro average.
  const seen = new Set(pairs.flat());
  const f1s = [...seen].map(label => perLabel[label]!.f1);
  return {
    accuracy: pairs.filter(([gold, predicted]) => gold === predicted).length / pairs.length,
    macro_f1: f1s.reduce((sum, f1) => sum + f1, 0) / f1s.length,
    labels: perLabel,
    confusion,
  };
}

/**
 * A predicted entity is correct if its label, start and end all equal those of a gold entity.
 * @param pairs gold and predicted tags of each example, one tag per word
 */
export function entityReport(pairs: readonly (readonly [readonly Tag[], readonly Tag[]])[]): EntityReport {
  const counts = new Map<string, { correct: number; predicted: number; support: number }>();
  const countsOf = (label: string) => {
    const count = counts.get(label) ?? { correct: 0, predicted: 0, support: 0 };
    counts.set(label, count);
    return count;
  };
  for (const [gold, predicted] of pairs) {
    const goldEntities = new Set<string>();
    for (const { label, startWord, endWord } of entitySpans(gold)) {
      goldEntities.add(`${label} ${startWord} ${endWord}`);
      countsOf(label).support++;
    }
    for (const { label, startWord, endWord } of entitySpans(predicted)) {
      countsOf(label).predicted++;
      if (goldEntities.has(`${label} ${startWord} ${endWord}`)) countsOf(label).correct++;
    }
  }
  const sum = (key: 'correct' | 'predicted' | 'support') =>
    [...counts.values()].reduce((total, count) => total + count[key], 0);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...scores(sum('correct'), sum('predicted'), sum('support')),
    labels: Object.fromEntries(
      sorted.map(([label, count]) => [label, scores(count.correct, count.predicted, count.support)]),
    ),
  };
}

/** @param pairs gold and predicted labels of each example, all of them among `labels` */
export function labelSetReport(
  pairs: readonly (readonly [ReadonlySet<string>, ReadonlySet<string>])[],
  labels: readonly string[],
): LabelSetReport {
  const count = (holds: (gold: boolean, predicted: boolean) => boolean) =>
    labels.map(
      label => pairs.filter(([gold, predicted]) => holds(gold.has(label), predicted.has(label))).length,
    );
  const correct = count((gold, predicted) => gold && predicted);
  const predicted = count((_, predicted) => predicted);
  const support = count(gold => gold);
  const sum = (counts: readonly number[]) => counts.reduce((total, each) => total + each, 0);
  const perLabel = labels.map((_, i) => scores(correct[i]!, predicted[i]!, support[i]!));
  const exact = pairs.filter(([gold, predicted]) =>
    labels.every(label => gold.has(label) === predicted.has(label)),
  );
  return {
    ...scores(sum(correct), sum(predicted), sum(support)),
    macro_f1: sum(perLabel.map(({ f1 }) => f1)) / labels.length,
    exact_match: exact.length / pairs.length,
    labels: Object.fromEntries(labels.map((label, i) => [label, perLabel[i]!])),
  };
}

function scores(correct: number, predicted: number, support: number): Scores {
  const precision = predicted === 0 ? 0 : correct / predicted;
  const recall = support === 0 ? 0 : correct / support;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision, recall, f1, support };
}
