// Models at int8: their logits are close to those of the checkpoint, and have the same bits in every batch.

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { calibrate } from '../dist/calibrate/calibrate.js';
import { openAdapter } from '../dist/checkpoint/adapter.js';
import { openBase } from '../dist/checkpoint/base.js';
import { mergeAdapters } from '../dist/checkpoint/merge.js';
import { batchTensors, packBatch } from '../dist/engine/batch.js';
import type { Sequence } from '../dist/engine/sequence.js';
import { Session } from '../dist/engine/session.js';
import { toInt8 } from '../dist/kernels/int8.js';
import { int8Saturates } from '../dist/machine/processor.js';
import { exportModel } from '../dist/model/export.js';
import type { Manifest } from '../dist/model/manifest.js';
import { readGraph } from '../dist/onnx/modelFile.js';
import { Tokenizer } from '../dist/text/tokenizer.js';
import { checkpointNames, goldensOf, requestOf, temporaryFolder } from './support/fixtures.js';

const out = temporaryFolder();
const manifests = new Map<string, Manifest>();

beforeAll(async () => {
  for (const name of checkpointNames()) {
    const request = { ...requestOf(name), precision: 'int8' };
    manifests.set(name, await exportModel(request, `${out}/${name}`));
  }
});

/** Sequences of 1 to 60 tokens, several of them of the same length. */
function sequences(count: number): Sequence[] {
  return Array.from({ length: count }, (_, i) => {
    const ids = Int32Array.from({ length: 1 + ((i * 17) % 60) }, (_, j) => (i * 131 + j * 17) % 1000);
    return { ids, headPositions: Int32Array.of(ids.length - 1) };
  });
}

describe.each(checkpointNames())('%s', name => {
  it('lists for each layer how it is stored and what that costs', () => {
    const { quantisation, verification } = manifests.get(name)!;
    expect(verification!.maxDifference).toBeGreaterThan(1e-3);
    expect(quantisation!.flatMap(({ modules }) => modules)).toHaveLength(3 * 7);
    for (const { stored, error } of quantisation!) {
      expect(stored).toBe('int8');
      expect(error).toBeLessThan(0.05);
    }
    expect(existsSync(`${out}/${name}/calibration`)).toBe(false);
  });

  it('has logits near those of transformers and PEFT', async () => {
    const session = await Session.load(`${out}/${name}`, { device: 'cpu', threads: 2 });
    let error = 0;
    let size = 0;
    for (const { input_ids, first_token_index, logits } of goldensOf(name)) {
      const headPositions = Int32Array.from(first_token_index ?? [input_ids.length - 1]);
      const [found] = await session.run([{ ids: Int32Array.from(input_ids), headPositions }]);
      const expected = logits.flat();
      expect(found).toHaveLength(expected.length);
      for (const [i, logit] of expected.entries()) {
        error += (found![i]! - logit) ** 2;
        size += logit ** 2;
      }
    }
    await session.release();
    // The error relative to the logits' size is 0.06 to 0.20 for these checkpoints, whose weights are random and so
    // harder to quantise than trained ones. Logits of the right size that have nothing to do with the golden ones
    // would give 1.4.
    expect(Math.sqrt(error / size)).toBeLessThan(0.4);
  });

  it('has the same bits in every batch, in any order', async () => {
    const session = await Session.load(`${out}/${name}`, { device: 'cpu', threads: 2 });
    const all = sequences(40);
    const alone: Float32Array[] = [];
    for (const sequence of all) alone.push((await session.run([sequence]))[0]!);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...all.keys()], { minLength: 1 }), async picked => {
        const together = await session.run(picked.map(i => all[i]!));
        expect(together).toEqual(picked.map(i => alone[i]!));
      }),
      { numRuns: 15 },
    );
    await session.release();
  });
});

it('keeps a layer in float32 that would lose too much', async () => {
  const name = 'ls_llama_seq';
  const { base, adapters, maxLength } = requestOf(name);
  const merged = mergeAdapters(openBase(base), adapters.map(openAdapter));
  // Two channels of the layer are equal and their weights cancel out: they force a large scale on every value of a
  // row, and contribute nothing to the output.
  const weights = {
    ...merged.weights,
    async read(tensor: string, start?: number, end?: number) {
      const values = await merged.weights.read(tensor, start, end);
      if (/^layers\.1\.mlp\.(gate|up)_proj/.test(tensor)) return values.copyWithin(64, 0, 64);
      if (!tensor.startsWith('layers.1.mlp.down_proj')) return values;
      return values.map((value, i) => [1000, -1000][i % 160] ?? value);
    },
  };
  const tokenizer = Tokenizer.load(base);
  const options = { bidirectionalFrom: 3, maxLength: maxLength!, onProgress: () => {} };
  const { choices } = await calibrate({ ...merged, weights }, tokenizer, options, out);
  const kept = choices.filter(({ stored }) => stored === 'float32');
  expect(kept.map(({ modules }) => modules)).toEqual([['layers.1.mlp.down_proj']]);
  expect(kept[0]!.error).toBeGreaterThan(0.1);
});

describe('processors whose 8-bit products saturate', () => {
  it('are recognised by the instructions that they lack', () => {
    expect(int8Saturates('x64', ['avx2', 'fma'])).toBe(true);
    expect(int8Saturates('x64', [])).toBe(true);
    expect(int8Saturates('x64', ['avx2', 'avx_vnni'])).toBe(false);
    expect(int8Saturates('x64', ['avx512f', 'avx512_vnni'])).toBe(false);
    expect(int8Saturates('arm64', ['asimddp'])).toBe(false);
  });

  it('compute the same logits in the way that cannot saturate', async () => {
    const folder = `${out}/ls_llama_seq`;
    const feeds = packBatch(sequences(8));
    const logits: unknown[] = [];
    for (const x64quantprecision of ['0', '1']) {
      const session = await InferenceSession.create(`${folder}/model.onnx`, {
        extra: { session: { x64quantprecision } },
      });
      logits.push((await session.run(batchTensors(feeds, session.inputNames))).logits!.data);
      await session.release();
    }
    expect(logits[0]).toEqual(logits[1]);
    expect(saturatedSums(folder)).toBeGreaterThan(0);
  });
});

/**
 * Counts the pairs of neighbouring weights in a column whose products overflow 16 bits at the greatest activation, 255:
 * processors without VNNI add such pairs in 16 bits, by the instruction `maddubs`.
 */
function saturatedSums(folder: string): number {
  const { initializer } = readGraph(`${folder}/model.onnx`);
  const weight = initializer.find(({ name }) => name === 'layers.0.mlp.gate_proj.weight')!;
  const place = (key: string) => Number(weight.externalData.find(entry => entry.key === key)!.value);
  const data = readFileSync(`${folder}/model.onnx.data`).subarray(
    place('offset'),
    place('offset') + place('length'),
  );
  const columns = Number(weight.dims[1]);
  let count = 0;
  for (let i = 0; i + columns < data.length; i += 2 * columns) {
    for (let column = 0; column < columns; column++) {
      const sum = 255 * (data.readInt8(i + column) + data.readInt8(i + columns + column));
      if (sum > 32_767 || sum < -32_768) count++;
    }
  }
  return count;
}

describe('toInt8', () => {
  it('gives each row a scale of its own', () => {
    const rows = toInt8(Float32Array.of(1, -2, 0.5, 0, 0, 0, 254, 127.4, -1), 3, false);
    expect([...rows.values]).toEqual([64, -127, 32, 0, 0, 0, 127, 64, 0]);
    expect([...rows.scales]).toEqual([2 / 127, 0, 2].map(Math.fround));
  });

  it('rounds as Math.round does, halves and their neighbours too', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -127, max: 127, noNaN: true }),
        fc.integer({ min: -254, max: 254 }),
        (x, n) => {
          // The first value sets a scale of one, so that bytes are the rounded values.
          const values = Float32Array.of(127, x, n / 2, Math.fround(n / 2) * (1 - 2 ** -24));
          expect([...toInt8(values, 1, false).values]).toEqual(
            [...values].map(value => Math.round(value) + 0),
          );
        },
      ),
    );
  });

  it('turns rows into columns', () => {
    expect([...toInt8(Float32Array.of(127, 1, 2, 127), 2, true).values]).toEqual([127, 2, 1, 127]);
  });
});
