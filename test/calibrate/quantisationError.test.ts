// The error of 8 bits, against the same sums written out.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { linearOutput, quantisationError } from '../../dist/kernels/quantisationError.js';

const WIDTH = 5;

/** To the nearest multiple of step, from -128 to 127 of them; a row of zeros has a step of zero. */
function rounded(values: readonly number[], step: number): number[] {
  return values.map(value =>
    step === 0 ? 0 : Math.max(-128, Math.min(127, Math.round(value / step))) * step,
  );
}

function ownStep(row: readonly number[]): number {
  return Math.max(...row.map(Math.abs)) / 127;
}

function rowsOf(values: readonly number[]): number[][] {
  return Array.from({ length: values.length / WIDTH }, (_, i) => values.slice(i * WIDTH, (i + 1) * WIDTH));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** None of them half way between two steps, where float32 may fall to either side. */
const value = fc.integer({ min: -4000, max: 4000 }).map(n => Math.fround(n * 0.000997));
const matrix = (rows: number) => fc.array(value, { minLength: rows * WIDTH, maxLength: rows * WIDTH });

it.each([
  ['with steps of each row’s own', undefined],
  ['at one step, beyond which values are cut off', 0.02],
])('%s', async (_, step) => {
  const factors = [0.53, 1.1, 2.3, 0.87, 3.7];
  await fc.assert(
    fc.asyncProperty(matrix(4), matrix(3), async (x, weight) => {
      const exact = await linearOutput(Float32Array.from(x), Float32Array.from(weight), WIDTH);
      const found = await quantisationError(
        Float32Array.from(x),
        Float32Array.from(weight),
        exact,
        Float32Array.from(factors),
        step,
      );
      const weights = rowsOf(weight).map(row => {
        const scaled = row.map((value, i) => value * factors[i]!);
        return rounded(scaled, ownStep(scaled));
      });
      for (const [i, row] of rowsOf(x).entries()) {
        const smooth = row.map((value, j) => value / factors[j]!);
        const bytes = rounded(smooth, step ?? ownStep(smooth));
        const expected = rowsOf(weight).reduce(
          (sum, plain, j) => sum + (dot(bytes, weights[j]!) - dot(row, plain)) ** 2,
          0,
        );
        expect(Math.sqrt(found[i]!)).toBeCloseTo(Math.sqrt(expected), 2);
      }
    }),
    { numRuns: 50 },
  );
});
