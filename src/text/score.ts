// How good predictions are: accuracy and F1 of labels, entity F1 as seqeval counts it.

import { entitySpans } from './spans.js';

export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many there are in the gold answers. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly accuracy: number;
  readonly macro_f1: number;
  readonly labels: Record<string, Scores>;
  /** confusion[gold][predicted]: how often. */
  readonly confusion: Record<string, Record<string, number>>;
}

export interface EntityReport extends Scores {
  readonly labels: Record<string, Scores>;
}

/** @param pairs gold and predicted label of each example */
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
  // a label that is neither in the gold answers nor predicted has no F1, as in scikit-learn
  const seen = new Set(pairs.flat());
  const f1s = [...seen].map(label => perLabel[label]!.f1);
  return {
    accuracy: pairs.filter(([gold, predicted]) => gold === predicted).length / pairs.length,
    macro_f1: f1s.reduce((sum, f1) => sum + f1, 0) / f1s.length,
    labels: perLabel,
    confusion,
  };
}

/** Entities count as found where label, start and end are all right; micro-averaged. @param pairs gold and predicted tags */
export function entityReport(
  pairs: readonly (readonly [readonly string[], readonly string[]])[],
): EntityReport {
  const counts = new Map<string, { correct: number; predicted: number; support: number }>();
  const of = (label: string) => {
    const count = counts.get(label) ?? { correct: 0, predicted: 0, support: 0 };
    counts.set(label, count);
    return count;
  };
  for (const [gold, predicted] of pairs) {
    const golden = new Set<string>();
    for (const { label, startWord, endWord } of entitySpans(gold)) {
      golden.add(`${label} ${startWord} ${endWord}`);
      of(label).support++;
    }
    for (const { label, startWord, endWord } of entitySpans(predicted)) {
      of(label).predicted++;
      if (golden.has(`${label} ${startWord} ${endWord}`)) of(label).correct++;
    }
  }
  const sum = (key: 'correct' | 'predicted' | 'support') =>
    [...counts.values()].reduce((total, count) => total + count[key], 0);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...scores(sum('correct'), sum('predicted'), sum('support')),
    labels: Object.fromEntries(
      sorted.map(([label, c]) => [label, scores(c.correct, c.predicted, c.support)]),
    ),
  };
}

function scores(correct: number, predicted: number, support: number): Scores {
  const precision = predicted === 0 ? 0 : correct / predicted;
  const recall = support === 0 ? 0 : correct / support;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision, recall, f1, support };
}
