// Entity scores compared with seqeval's, those of sets of labels with scikit-learn's; classification scores computed by hand.

import { describe, expect, it } from 'vitest';
import { parseTag, readNotation } from '../../dist/text/notation.js';
import { classificationReport, entityReport, labelSetReport } from '../../dist/text/score.js';
import { ROOT, readJson } from '../support/fixtures.js';

interface Case {
  readonly gold: string[][];
  readonly predicted: string[][];
  readonly report: Record<string, Record<'precision' | 'recall' | 'f1-score' | 'support', number>>;
}

describe('entityReport', () => {
  const cases = readJson(`${ROOT}/test/fixtures/seqeval/seqeval.json`) as Case[];
  it.each(cases.map((c, i) => [i, c] as const))(
    'gives the scores of seqeval for case %i',
    (_, { gold, predicted, report }) => {
      const notation = readNotation([...new Set([...gold, ...predicted].flat())]);
      const read = (tags: readonly string[]) => tags.map(tag => parseTag(tag, notation));
      const found = entityReport(gold.map((tags, i) => [read(tags), read(predicted[i]!)]));
      for (const [label, expected] of Object.entries(report)) {
        const scores = label === 'micro avg' ? found : found.labels[label]!;
        expect(scores.precision).toBeCloseTo(expected.precision, 12);
        expect(scores.recall).toBeCloseTo(expected.recall, 12);
        expect(scores.f1).toBeCloseTo(expected['f1-score'], 12);
        expect(scores.support).toBe(expected.support);
      }
    },
  );
});

describe('labelSetReport', () => {
  type Three = [precision: number, recall: number, f1: number];
  const { labels, cases } = readJson(`${ROOT}/test/fixtures/labelSets/label_sets.json`) as {
    labels: string[];
    cases: {
      gold: string[][];
      predicted: string[][];
      exact_match: number;
      micro: Three;
      macro_f1: number;
      each: Record<string, [...Three, support: number]>;
    }[];
  };
  it.each(cases.map((c, i) => [i, c] as const))(
    'gives the scores of scikit-learn for case %i',
    (_, expected) => {
      const { gold, predicted, micro, macro_f1, exact_match, each } = expected;
      const report = labelSetReport(
        gold.map((own, i) => [new Set(own), new Set(predicted[i])]),
        labels,
      );
      const figures = [report.precision, report.recall, report.f1, report.macro_f1, report.exact_match];
      for (const [i, figure] of [...micro, macro_f1, exact_match].entries())
        expect(figures[i]).toBeCloseTo(figure, 12);
      for (const label of labels) {
        const { precision, recall, f1, support } = report.labels[label]!;
        for (const [i, figure] of [precision, recall, f1, support].entries())
          expect(figure).toBeCloseTo(each[label]![i]!, 12);
      }
    },
  );
});

describe('classificationReport', () => {
  it('gives accuracy, scores per label, their macro average and the confusion table', () => {
    const report = classificationReport(
      [
        ['a', 'a'],
        ['a', 'b'],
        ['b', 'b'],
        ['b', 'b'],
      ],
      ['a', 'b'],
    );
    expect(report.accuracy).toBe(0.75);
    expect(report.labels.a).toEqual({ precision: 1, recall: 0.5, f1: 2 / 3, support: 2 });
    expect(report.labels.b).toEqual({ precision: 2 / 3, recall: 1, f1: 0.8, support: 2 });
    expect(report.macro_f1).toBeCloseTo((2 / 3 + 0.8) / 2, 12);
    expect(report.confusion).toEqual({ a: { a: 1, b: 1 }, b: { a: 0, b: 2 } });
  });
});
