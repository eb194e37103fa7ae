// Rotating the heads moves values between weights, and leaves what a model computes as it was.

import { describe, expect, it } from 'vitest';
import { withRotatedHeads } from '../../dist/calibrate/rotateHeads.js';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { openBase } from '../../dist/checkpoint/base.js';
import type { DecoderConfig } from '../../dist/checkpoint/config.js';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import type { TensorSource } from '../../dist/checkpoint/tensors.js';
import { worstDifference } from '../support/fixtures.js';
import { onePerBase } from '../support/matrix.js';
import { someLogits } from '../support/reference.js';

describe('the logits with rotated heads are those of the checkpoint', () => {
  it.each(onePerBase().map(each => [each.name, each] as const))('%s', async (_, { request }) => {
    const merged = mergeAdapters(openBase(request.base), request.adapters.map(openAdapter));
    const weights = withRotatedHeads(merged.weights, merged.decoder);
    const [before] = await someLogits(merged);
    const [after] = await someLogits({ ...merged, weights });
    expect(worstDifference(before!, after!)).toBeLessThan(1e-4 * Math.max(...before!.map(Math.abs)));
    const changed = await weights.read('layers.1.self_attn.o_proj.weight');
    expect(changed).not.toEqual(await merged.weights.read('layers.1.self_attn.o_proj.weight'));
  });
});

/** A checkpoint of one tensor [rows, width] whose values are 0, 1, 2, … */
function counting(name: string, rows: number, width: number): TensorSource {
  return {
    name: 'counting',
    tensors: new Map([[name, { name, dtype: 'F32', shape: [rows, width] }]]),
    read: async (_, start = 0, end = rows) =>
      Float32Array.from({ length: (end - start) * width }, (_, i) => start * width + i),
    close() {},
  };
}

describe('the values of a head', () => {
  const headDim = (size: number) => ({ headDim: size }) as DecoderConfig;

  it('are multiplied by the Hadamard matrix of Sylvester', async () => {
    const name = 'layers.0.self_attn.v_proj.weight';
    const read = withRotatedHeads(counting(name, 4, 1), headDim(4)).read(name);
    // ½ [1 1 1 1; 1 -1 1 -1; 1 1 -1 -1; 1 -1 -1 1] times [0 1 2 3].
    expect([...(await read)]).toEqual([3, -1, -2, 0]);
  });

  it('are mixed within the greatest power of two that divides their number', async () => {
    const name = 'layers.0.self_attn.v_proj.weight';
    const read = withRotatedHeads(counting(name, 6, 1), headDim(6)).read(name);
    expect([...(await read)].map(value => value * Math.SQRT2)).toEqual(
      [1, -1, 5, -1, 9, -1].map(value => expect.closeTo(value, 5)),
    );
  });

  it.each([
    ['layers.0.self_attn.v_proj.weight', 16, 3],
    ['layers.0.self_attn.o_proj.weight', 5, 16],
  ])('are the same whichever rows of %s are read', async (name, rows, width) => {
    const source = withRotatedHeads(counting(name, rows, width), headDim(8));
    const whole = await source.read(name);
    for (let start = 0; start < rows; start++) {
      for (let end = start + 1; end <= rows; end++) {
        expect(await source.read(name, start, end)).toEqual(whole.slice(start * width, end * width));
      }
    }
  });
});
