// Rotates the values of each attention head by a Hadamard matrix, and the columns of o_proj that read them back. Attention
// mixes tokens and not channels, so the model computes the same. What o_proj reads has no outlier channels any more, so
// all of its rows can be quantised at one scale. QuaRot, https://arxiv.org/abs/2404.00456

import type { DecoderConfig } from '../checkpoint/config.js';
import { splitLayer } from '../checkpoint/layers.js';
import { rowWidth, type TensorSource } from '../checkpoint/tensors.js';

/**
 * The same tensors, with v_proj and o_proj rotated as they are read. The matrix is symmetric and its own inverse, and is as
 * large as the greatest power of two that divides headDim.
 */
export function withRotatedHeads(source: TensorSource, { headDim }: DecoderConfig): TensorSource {
  const size = greatestPowerOfTwo(headDim);
  return {
    ...source,
    async read(name, start = 0, end = source.tensors.get(name)?.shape[0] ?? 1) {
      switch (splitLayer(name)?.name) {
        case 'self_attn.o_proj.weight': {
          const values = await source.read(name, start, end);
          rotate(values, size, 1);
          return values;
        }
        case 'self_attn.v_proj.weight':
        case 'self_attn.v_proj.bias': {
          // A row of the result is a sum of all rows of its block.
          const width = rowWidth(source.tensors.get(name)!.shape);
          const first = Math.floor(start / size) * size;
          const values = await source.read(name, first, Math.ceil(end / size) * size);
          rotate(values, size, width);
          return first === start && values.length === (end - start) * width
            ? values
            : values.slice((start - first) * width, (end - first) * width);
        }
        default:
          return source.read(name, start, end);
      }
    },
  };
}

function greatestPowerOfTwo(divides: number): number {
  return divides & -divides;
}

/** Multiplies [blocks, size, width] by the normed Hadamard matrix [size, size] along the second dimension, in place. */
function rotate(values: Float32Array, size: number, width: number): void {
  for (let half = width; half < size * width; half *= 2) {
    for (let start = 0; start < values.length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const a = values[i]!;
        const b = values[i + half]!;
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
  const norm = 1 / Math.sqrt(size);
  for (let i = 0; i < values.length; i++) values[i]! *= norm;
}
