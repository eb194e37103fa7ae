// Entity scores compared with seqeval's; classification scores computed by hand.

import { describe, expect, it } from 'vitest';
import { parseTag, readNotation } from '../../dist/text/notation.js';
import { classificationReport, entityReport } from '../../dist/text/score.js';
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
