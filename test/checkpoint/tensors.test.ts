// The promises of a tensor source, kept by every way of a base and an adapter.

import { describe, expect, it } from 'vitest';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import { openCheckpoint } from '../../dist/checkpoint/open.js';
import { parameterCount, renamed, type TensorSource } from '../../dist/checkpoint/tensors.js';
import { matrixCases } from '../support/matrix.js';

function sourceOf(shapes: Record<string, number[]>): TensorSource {
  return {
    name: 'source',
    tensors: new Map(Object.entries(shapes).map(([name, shape]) => [name, { name, dtype: 'F32', shape }])),
    read: async name => Float32Array.of(name.length),
    close: () => {},
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

describe('an array that was read belongs to the caller', () => {
  it.each(matrixCases().map(({ name, request }) => [name, request] as const))('%s', async (_, request) => {
    const checkpoint = openCheckpoint(request);
    const { weights } = mergeAdapters(checkpoint.base, checkpoint.adapters);
    for (const name of weights.tensors.keys()) {
      const values = await weights.read(name);
      const before = Buffer.from(bytesOf(values));
      values.fill(Number.NaN);
      expect(bytesOf(await weights.read(name)).equals(before), name).toBe(true);
    }
    checkpoint.close();
  });
});

describe('renamed', () => {
  it('reads tensors under their new names and leaves out those without one', async () => {
    const source = renamed(sourceOf({ 'model.a': [2], b: [3] }), name =>
      name === 'b' ? undefined : name.replace('model.', ''),
    );
    expect([...source.tensors.values()]).toEqual([{ name: 'a', dtype: 'F32', shape: [2] }]);
    expect(await source.read('a')).toEqual(Float32Array.of('model.a'.length));
  });

  it('refuses two tensors of one name', () => {
    expect(() => renamed(sourceOf({ 'model.a': [2], a: [2] }), () => 'a')).toThrow(
      'source: expected one tensor for a, found model.a and a',
    );
  });
});

it('counts the parameters of a classifier, without lm_head', () => {
  const { tensors } = sourceOf({
    'embed_tokens.weight': [5, 3],
    'norm.weight': [3],
    'lm_head.weight': [5, 3],
  });
  expect(parameterCount(tensors)).toBe(18);
});
