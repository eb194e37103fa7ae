// Smoothing factors: how far the magnitude of an outlier channel moves from an activation into the weights that read it.

import type { DecoderConfig } from '../checkpoint/config.js';

/** The magnitude of each channel [width], in a linear layer's input and in the weights that read it. */
export interface ChannelMagnitudes {
  /** Usually the root mean square of the channel. */
  readonly activations: Float32Array;
  /** The greatest absolute value of the channel's column. */
  readonly weights: Float32Array;
}

/** The root mean square of each channel of x [rows, width]: [width]. */
export function rootMeanSquares(x: Float32Array, width: number): Float32Array {
  const sums = new Float64Array(width);
  for (let start = 0; start < x.length; start += width) {
    for (let channel = 0; channel < width; channel++) sums[channel]! += x[start + channel]! ** 2;
  }
  return Float32Array.from(sums, sum => Math.sqrt((sum * width) / x.length));
}

/** The greatest absolute value of each column, over matrices [rows, width]: [width]. */
export function greatestMagnitudes(matrices: readonly Float32Array[], width: number): Float32Array {
  const greatest = new Float32Array(width);
  for (const matrix of matrices) {
    for (let start = 0; start < matrix.length; start += width) {
      for (let column = 0; column < width; column++) {
        const magnitude = Math.abs(matrix[start + column]!);
        if (magnitude > greatest[column]!) greatest[column] = magnitude;
      }
    }
  }
  return greatest;
}

/**
 * activation^strength / weight^(1 - strength) for each channel, divided by their geometric mean: [width].
 * SmoothQuant, https://arxiv.org/abs/2211.10438 eq. 4. At strength 0 every factor is 1; a channel of zeros always has 1.
 */
export function smoothingFactors(
  { activations, weights }: ChannelMagnitudes,
  strength: number,
): Float32Array {
  if (strength === 0) return new Float32Array(activations.length).fill(1);
  const logs = Array.from(activations, (activation, i) =>
    activation > 0 && weights[i]! > 0
      ? strength * Math.log(activation) - (1 - strength) * Math.log(weights[i]!)
      : Number.NaN,
  );
  const known = logs.filter(log => !Number.isNaN(log));
  const mean = known.reduce((sum, log) => sum + log, 0) / known.length;
  return Float32Array.from(logs, log => (Number.isNaN(log) ? 1 : Math.exp(log - mean)));
}

/** Gives the query heads of a group, which read the same head of values, the geometric mean of their factors. */
export function sharedByGroup(
  factors: Float32Array,
  { heads, kvHeads, headDim }: DecoderConfig,
): Float32Array {
  const group = heads / kvHeads;
  return factors.map((_, channel) => {
    const first = Math.floor(channel / (group * headDim)) * group * headDim + (channel % headDim);
    let logs = 0;
    for (let head = 0; head < group; head++) logs += Math.log(factors[first + head * headDim]!);
    return Math.exp(logs / group);
  });
}
