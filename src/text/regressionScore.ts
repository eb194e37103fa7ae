// Quality of predicted values: errors, and correlation with the gold values.

export interface RegressionReport {
  readonly count: number;
  readonly mean_squared_error: number;
  readonly mean_absolute_error: number;
  /** Null where all gold values, or all predicted ones, are the same: a correlation is not defined there. */
  readonly pearson: number | null;
  readonly spearman: number | null;
}

/** @param pairs gold and predicted value of each example, at least one */
export function regressionReport(pairs: readonly (readonly [number, number])[]): RegressionReport {
  const gold = pairs.map(([value]) => value);
  const predicted = pairs.map(([, value]) => value);
  const errors = pairs.map(([value, other]) => other - value);
  return {
    count: pairs.length,
    mean_squared_error: mean(errors.map(error => error * error)),
    mean_absolute_error: mean(errors.map(Math.abs)),
    pearson: correlation(gold, predicted),
    spearman: correlation(ranks(gold), ranks(predicted)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Pearson's correlation; null where all values of one of the lists are the same. */
function correlation(xs: readonly number[], ys: readonly number[]): number | null {
  // The computed variance of such a list may be above 0, because its mean is rounded.
  if ([xs, ys].some(values => values.every(value => value === values[0]))) return null;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const products = (as: readonly number[], meanA: number, bs: readonly number[], meanB: number) =>
    as.reduce((sum, a, i) => sum + (a - meanA) * (bs[i]! - meanB), 0);
  const [sizeX, sizeY] = [products(xs, meanX, xs, meanX), products(ys, meanY, ys, meanY)];
  return products(xs, meanX, ys, meanY) / (Math.sqrt(sizeX) * Math.sqrt(sizeY));
}

/** The rank of each value, from 1 on. Equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const rankOf = new Map<number, number>();
  for (let first = 0; first < sorted.length; ) {
    let end = first + 1;
    while (sorted[end] === sorted[first]) end++;
    rankOf.set(sorted[first]!, (first + 1 + end) / 2);
    first = end;
  }
  return values.map(value => rankOf.get(value)!);
}
