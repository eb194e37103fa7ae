// Errors and correlations compared with those of NumPy and SciPy.

import { expect, it } from 'vitest';
import { type RegressionReport, regressionReport } from '../../dist/text/regressionScore.js';
import { ROOT, readJson } from '../support/fixtures.js';

interface Case {
  readonly gold: number[];
  readonly predicted: number[];
  readonly report: RegressionReport;
}

const cases = readJson(`${ROOT}/test/fixtures/regression/regression.json`) as Case[];

it.each(cases.map(each => [each.gold.length, each] as const))(
  '%i values',
  (_, { gold, predicted, report }) => {
    const found = regressionReport(gold.map((value, i) => [value, predicted[i]!]));
    expect(Object.keys(found)).toEqual(Object.keys(report));
    for (const [key, value] of Object.entries(report)) {
      expect(found[key as keyof RegressionReport]).toBeCloseTo(value, 12);
    }
  },
);

it('values that are all the same have no correlation', () => {
  expect(
    regressionReport([
      [1, 2],
      [3, 2],
    ]),
  ).toEqual({ count: 2, mean_squared_error: 1, mean_absolute_error: 1, pearson: null, spearman: null });
  // The mean of these three is not 0.1 in floating-point numbers.
  const gold = [0.1, 0.1, 0.1];
  expect(regressionReport(gold.map((value, i) => [value, i]))).toMatchObject({
    pearson: null,
    spearman: null,
  });
});

it('small values have the correlation of large ones', () => {
  const { pearson } = regressionReport([1, 2, 4].map(value => [value * 1e-100, value * value * 1e-100]));
  expect(pearson).toBeCloseTo(regressionReport([1, 2, 4].map(value => [value, value * value])).pearson!, 12);
});
