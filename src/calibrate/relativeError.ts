// The relative error of linear layers that read the same input, where input and weights are quantised to 8 bits.

import { linearOutput, quantisationError } from '../kernels/quantisationError.js';

/** Measures the relative error for smoothing factors [width] and a scale; see quantisationError. */
export type MeasureError = (factors: Float32Array, scale?: number) => Promise<number>;

/** Values of a weight that are quantised and multiplied at a time: 16 MB, so that memory stays small for large weights. */
const BLOCK_VALUES = 1 << 22;

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
  const blocks = weights.flatMap(weight => [...rowBlocks(weight, width)]);
  const outputs: Float32Array[] = [];
  const powers = new Float64Array(rows);
  for (const block of blocks) {
    const output = await linearOutput(x, block, width);
    addPowers(powers, output);
    outputs.push(output);
  }
  return async (factors, scale) => {
    const errors = new Float64Array(rows);
    for (const [i, block] of blocks.entries()) {
      const own = await quantisationError(x, block, outputs[i]!, factors, scale);
      for (let row = 0; row < rows; row++) errors[row]! += own[row]!;
    }
    let sum = 0;
    for (let row = 0; row < rows; row++) if (powers[row]! > 0) sum += errors[row]! / powers[row]!;
    return Math.sqrt(sum / rows);
  };
}

/** Views of the rows of a weight [out, width], some at a time. */
function* rowBlocks(weight: Float32Array, width: number): Generator<Float32Array> {
  const step = Math.max(1, Math.floor(BLOCK_VALUES / width)) * width;
  for (let start = 0; start < weight.length; start += step) yield weight.subarray(start, start + step);
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
