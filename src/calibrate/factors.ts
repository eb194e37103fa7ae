// How much of an outlier channel's size moves from an activation into the weights that read it.

import type { DecoderConfig } from '../checkpoint/config.js';

/** Sizes of each channel: of what is read, on average, and of the weights that read it, at most. */
export interface ChannelSizes {
  readonly activations: Float32Array;
  readonly weights: Float32Array;
}

/** Of x [rows, width]: the root mean square of each channel. */
export function rootMeanSquares(x: Float32Array, width: number): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < x.length; i++) sums[i % width]! += x[i]! ** 2;
  return Float32Array.from(sums, sum => Math.sqrt((sum * width) / x.length));
}

/** Of weights [out, width] that read the same x: the greatest absolute value of each column. */
export function greatestSizes(weights: readonly Float32Array[], width: number): Float32Array {
  const sizes = new Float32Array(width);
  for (const weight of weights) {
    for (let i = 0; i < weight.length; i++) {
      const size = Math.abs(weight[i]!);
      if (size > sizes[i % width]!) sizes[i % width] = size;
    }
  }
  return sizes;
}

/**
 * activation^strength / weight^(1 - strength) for each channel, 1 on (geometric) average:
 * https://arxiv.org/abs/2211.10438 eq. 4. Strength 0 leaves everything as it is; a channel of zeros stays.
 */
export function smoothingFactors({ activations, weights }: ChannelSizes, strength: number): Float32Array {
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

/** One factor for a channel of values wherever query heads share it: the geometric mean over their group. */
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
