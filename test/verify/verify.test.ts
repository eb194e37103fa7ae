// What an export's verification finds, and what it lets through.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { openBase } from '../../dist/checkpoint/base.js';
import { type Merged, mergeAdapters } from '../../dist/checkpoint/merge.js';
import { exportModel } from '../../dist/model/export.js';
import { type Manifest, readManifest } from '../../dist/model/manifest.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { verifyExport } from '../../dist/verify/verify.js';
import { checkpointNames, requestOf, temporaryFolder } from '../support/fixtures.js';

const out = temporaryFolder();

function mergedOf(name: string): Merged {
  const { base, adapters } = requestOf(name);
  return mergeAdapters(openBase(base), adapters.map(openAdapter));
}

/** Exports a checkpoint without verifying it. */
async function exported(name: string, folder: string, precision = 'float32'): Promise<string> {
  await exportModel({ ...requestOf(name), precision }, folder, { verify: false });
  return folder;
}

function verify(folder: string, merged: Merged, manifest = readManifest(folder)) {
  return verifyExport(folder, merged, Tokenizer.load(folder), {
    ...manifest,
    readout: readoutOf(manifest),
    onProgress: () => {},
  });
}

function readoutOf({ pooling }: Manifest) {
  return pooling === 'mean' || pooling === 'max' ? pooling : 'rows';
}

/** Counts so many parameters that only the first layer is run. */
function seeminglyLarge(merged: Merged): Merged {
  const unused = { name: 'unused.weight', dtype: 'F32', shape: [400_000, 1001] };
  const tensors = new Map([...merged.weights.tensors, [unused.name, unused]]);
  return { ...merged, weights: { ...merged.weights, tensors } };
}

describe.each(checkpointNames())('%s', name => {
  it('is close to its checkpoint, which the manifest says', async () => {
    const { verification } = await exportModel(requestOf(name), `${out}/${name}`);
    expect(verification).toMatchObject({ texts: 4, layers: 3 });
    expect(verification!.maxDifference).toBeLessThan(1e-4);
    expect(readManifest(`${out}/${name}`).verification).toEqual(verification);
  });

  it('is close to its checkpoint at float16', async () => {
    const folder = await exported(name, `${out}/${name}-float16`, 'float16');
    const { maxDifference } = await verify(folder, mergedOf(name));
    expect(maxDifference).toBeGreaterThan(1e-3);
    expect(maxDifference).toBeLessThan(0.2);
  });

  it.each(['float32', 'float16'])(
    'is compared over its first layer where it is large, at %s',
    async precision => {
      const folder = await exported(name, `${out}/${name}-large-${precision}`, precision);
      const { maxDifference, layers } = await verify(folder, seeminglyLarge(mergedOf(name)));
      expect(layers).toBe(1);
      expect(maxDifference).toBeLessThan(precision === 'float32' ? 1e-4 : 0.1);
      expect(existsSync(`${folder}/first_layer.onnx`)).toBe(false);
    },
  );
});

describe('labels', async () => {
  const folder = await exported('ls_unllama_tok', `${out}/labels`);
  const head = weightsOf(folder).filter(({ weight }) => weight.startsWith('score.'));

  /** A head of no weight and a small bias for one label, which is the most probable one everywhere. */
  const headFor = (label: number) => (weight: string, values: Float32Array) => {
    values.fill(0);
    if (weight === 'score.bias') values[label] = 1e-4;
    return values;
  };

  /** Verifies the model with a head for one label against a checkpoint with a head for another. */
  async function verifyLabels(label: number, other: number) {
    const data = readFileSync(`${folder}/model.onnx.data`);
    for (const { weight, offset, length } of head) {
      const values = headFor(label)(weight, new Float32Array(length / 4));
      data.set(new Uint8Array(values.buffer), offset);
    }
    writeFileSync(`${folder}/model.onnx.data`, data);
    const merged = mergedOf('ls_unllama_tok');
    const read: typeof merged.weights.read = async (name, start, end) => {
      const values = await merged.weights.read(name, start, end);
      return name.startsWith('score.') ? headFor(other)(name, values) : values;
    };
    return verify(folder, { ...merged, weights: { ...merged.weights, read } });
  }

  it('that are the same are counted', async () => {
    expect(head).toHaveLength(2);
    const { positions, sameLabels } = await verifyLabels(3, 3);
    expect(positions).toBeGreaterThan(4);
    expect(sameLabels).toBe(positions);
    expect(await verifyLabels(3, 5)).toMatchObject({ positions, sameLabels: 0 });
  });

  it('are counted once for each text where its logits are pooled', async () => {
    const pooled = await exported('ls_unllama_seq_mean', `${out}/pooled`);
    expect(await verify(pooled, mergedOf('ls_unllama_seq_mean'))).toMatchObject({
      positions: 4,
      sameLabels: 4,
    });
  });
});

/** The weights in the data file of an exported model, and their places there in bytes. */
function weightsOf(folder: string) {
  return fromBinary(ModelProtoSchema, readFileSync(`${folder}/model.onnx`))
    .graph!.initializer.filter(({ externalData }) => externalData.length > 0)
    .map(tensor => {
      const place = (key: string) => Number(tensor.externalData.find(entry => entry.key === key)!.value);
      return { weight: tensor.name, offset: place('offset'), length: place('length') };
    });
}

describe('a damaged weight is found', async () => {
  const name = 'ls_unllama_tok';
  const folder = await exported(name, `${out}/damaged`);
  const manifest = readManifest(folder);
  const data = `${folder}/model.onnx.data`;
  const whole = readFileSync(data);
  const weights = weightsOf(folder);

  /** Turns the sign of each of its values. */
  function negate(offset: number, length: number): void {
    const bytes = Buffer.from(whole);
    for (let at = offset + 3; at < offset + length; at += 4) bytes[at]! ^= 0x80;
    writeFileSync(data, bytes);
  }

  it.each(weights)('$weight', async ({ offset, length }) => {
    negate(offset, length);
    await expect(verify(folder, mergedOf(name))).rejects.toThrow(
      /^verification failed: the logits of the exported model differ .* by [\d.e+]+ \(allowed [\d.e-]+\)$/,
    );
  });

  it('in the first layer of a large model', async () => {
    const { offset, length } = weights.find(({ weight }) => weight === 'layers.0.self_attn.o_proj.weight')!;
    negate(offset, length);
    await expect(verify(folder, seeminglyLarge(mergedOf(name)))).rejects.toThrow(/^verification failed/);
    expect(existsSync(`${folder}/first_layer.onnx`)).toBe(false);
  });

  it('a single NaN among the weights', async () => {
    const bytes = Buffer.from(whole);
    bytes.writeFloatLE(
      Number.NaN,
      weights.find(({ weight }) => weight === 'layers.1.mlp.up_proj.weight')!.offset,
    );
    writeFileSync(data, bytes);
    await expect(verify(folder, mergedOf(name))).rejects.toThrow(
      /exported model, at float32, are not finite/,
    );
  });

  it('a file that is too short', async () => {
    writeFileSync(data, whole.subarray(0, whole.length / 2));
    await expect(verify(folder, mergedOf(name), manifest)).rejects.toThrow(/the exported model does not run/);
  });
});
