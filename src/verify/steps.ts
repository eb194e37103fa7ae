// The steps of a decoder over rows in memory, as their papers define them. Sums are computed in double precision, and
// results are rounded to float32.

import type { Activation, DecoderConfig } from '../checkpoint/config.js';
import type { Rotary } from '../checkpoint/rotary.js';

/** One vector for each token. */
export type Rows = readonly Float32Array[];

/** x * (weight + offset) / rms(x) over every run of weight.length values: https://arxiv.org/abs/1910.07467 eq. 4. */
export function rmsNorm(x: Rows, weight: Float32Array, offset: number, epsilon: number): Rows {
  return x.map(row => {
    const normed = new Float32Array(row.length);
    for (let start = 0; start < row.length; start += weight.length) {
      let squares = 0;
      for (let i = 0; i < weight.length; i++) squares += row[start + i]! ** 2;
      const rms = Math.sqrt(squares / weight.length + epsilon);
      for (let i = 0; i < weight.length; i++) {
        normed[start + i] = (row[start + i]! / rms) * (weight[i]! + offset);
      }
    }
    return normed;
  });
}

/** (x - mean) / standard deviation * weight + bias: https://arxiv.org/abs/1607.06450 eq. 4. */
export function layerNorm(
  x: Rows,
  weight: Float32Array,
  bias: Float32Array | undefined,
  epsilon: number,
): Rows {
  return x.map(row => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    const deviation = Math.sqrt(variance + epsilon);
    return row.map((value, i) => ((value - mean) / deviation) * weight[i]! + (bias?.[i] ?? 0));
  });
}

/**
 * Rotates each pair of dimensions of every head by the angle of its position. The rows are one sequence.
 * https://arxiv.org/abs/2104.09864 eq. 34, with the pairs that transformers forms.
 */
export function rotate(
  x: Rows,
  { dimensions, pairs, frequencies, long, scale }: Rotary,
  headDim: number,
): Rows {
  const used = long && x.length > long.above ? long.frequencies : frequencies;
  const half = dimensions / 2;
  return x.map((row, position) => {
    const rotated = row.slice();
    for (let i = 0; i < half; i++) {
      // transformers computes the angle in float32, and its rounding shows at high positions.
      const angle = Math.fround(position * used[i]!);
      const cos = Math.cos(angle) * scale;
      const sin = Math.sin(angle) * scale;
      const [first, second] = pairs === 'halves' ? [i, i + half] : [2 * i, 2 * i + 1];
      for (let head = 0; head < row.length; head += headDim) {
        const a = head + first;
        const b = head + second;
        rotated[a] = row[a]! * cos - row[b]! * sin;
        rotated[b] = row[b]! * cos + row[a]! * sin;
      }
    }
    return rotated;
  });
}

/**
 * softmax(q k^T * scale) v of one sequence. Each group of query heads shares one head of keys and values:
 * https://arxiv.org/abs/2305.13245. With a window, a token sees itself and the window - 1 tokens before it.
 */
export function attend(
  { heads, kvHeads, headDim, attentionScale, attentionSoftCap: cap }: DecoderConfig,
  q: Rows,
  k: Rows,
  v: Rows,
  isCausal: boolean,
  window = Number.POSITIVE_INFINITY,
): Float32Array[] {
  return q.map((query, position) => {
    const attended = new Float32Array(heads * headDim);
    const first = Math.max(0, position - window + 1);
    const end = isCausal ? position + 1 : q.length;
    for (let head = 0; head < heads; head++) {
      const at = head * headDim;
      const kvAt = Math.floor(head / (heads / kvHeads)) * headDim;
      const scores = k.slice(first, end).map(key => {
        let dot = 0;
        for (let i = 0; i < headDim; i++) dot += query[at + i]! * key[kvAt + i]!;
        const score = dot * attentionScale;
        return cap === undefined ? score : cap * Math.tanh(score / cap);
      });
      const greatest = Math.max(...scores);
      const shares = scores.map(score => Math.exp(score - greatest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (let i = 0; i < headDim; i++) {
        let sum = 0;
        for (const [j, share] of shares.entries()) sum += share * v[first + j]![kvAt + i]!;
        attended[at + i] = sum / total;
      }
    }
    return attended;
  });
}

export function activate(activation: Activation, x: number): number {
  switch (activation) {
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'gelu':
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case 'gelu_tanh':
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'relu':
      return Math.max(0, x);
  }
}

/** The error function by https://dlmf.nist.gov/7.6 eq. 7.6.2, whose terms all have one sign, so that nothing cancels. */
function erf(x: number): number {
  // Beyond 6 it is 1 in double precision. The negated comparison is true for NaN as well.
  if (!(Math.abs(x) <= 6)) return Math.sign(x);
  let sum = 0;
  for (let term = x, n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** a + b * scale. */
export function add(a: Rows, b: Rows, scale: number): Rows {
  return a.map((row, t) => row.map((value, i) => value + b[t]![i]! * scale));
}
