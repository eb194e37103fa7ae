// The relative error of linear layers that read the same input, where input and weights are quantised to 8 bits.

import { linearOutput, quantisationError } from '../kernels/quantisationError.js';

/** Measures the relative error for smoothing factors [width] and a scale; see quantisationError. */
export type MeasureError = (factors: Float32Array, scale?: number) => Promise<number>;

/**
 * Makes the function that measures the error of the outputs, x [rows, width] times each weight [out, width] transposed.
 * The error of a row is relative to the magnitude of its outputs, so every token has the same weight in it, however
 * large its values are. The result is the root mean square over rows.
 */
export async function errorMeasure(
  x: Float32Array,
  weights: readonly Float32Array[],
  width: number,
): Promise<MeasureError> {
  const rows = x.length / width;
  const outputs: Float32Array[] = [];
  const powers = new Float64Array(rows);
  for (const weight of weights) {
    const output = await linearOutput(x, weight, width);
    addPowers(powers, output);
    outputs.push(output);
  }
  return async (factors, scale) => {
    const errors = new Float64Array(rows);
    for (const [i, weight] of weights.entries()) {
      const own = await quantisationError(x, weight, outputs[i]!, factors, scale);
      for (let row = 0; row < rows; row++) errors[row]! += own[row]!;
    }
    let sum = 0;
    for (let row = 0; row < rows; row++) if (powers[row]! > 0) sum += errors[row]! / powers[row]!;
    return Math.sqrt(sum / rows);
  };
}

/** Adds the sum of squares of each row of `output` [rows, out] to `powers` [rows]. */
function addPowers(powers: Float64Array, output: Float32Array): void {
  const out = output.length / powers.length;
  for (let row = 0; row < powers.length; row++) {
    let power = powers[row]!;
    for (let i = row * out; i < (row + 1) * out; i++) power += output[i]! ** 2;
    powers[row] = power;
  }
}
