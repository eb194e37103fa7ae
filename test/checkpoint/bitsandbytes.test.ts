// Weights in 4 bits: the values that bitsandbytes dequantises, and refusals of files that lack a part or contradict
// themselves. The matrix has the logits of whole models.

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBase } from '../../dist/checkpoint/base.js';
import { dequantised } from '../../dist/checkpoint/bitsandbytes.js';
import { openSafetensors } from '../../dist/checkpoint/safetensors.js';
import { ROOT, readJson, temporaryFolder } from '../support/fixtures.js';
import { editSafetensors, renameTensorsIn } from '../support/safetensors.js';

const VALUES = join(ROOT, 'test/fixtures/bitsandbytes/model.safetensors');
const BASES = join(ROOT, 'test/fixtures/matrix/bases');
const work = temporaryFolder();

const stored = openSafetensors(VALUES);
const source = dequantised(stored);
/** The kernels of bitsandbytes do not agree on the sign of a zero. */
const unsigned = (values: Float32Array) => values.map(value => value + 0);
const names = [...source.tensors.keys()].filter(name => name.endsWith('.weight'));

it.each(names)('%s has the very values of bitsandbytes', async name => {
  const expected = unsigned(await stored.read(name.replace('.weight', '.expected')));
  const [rows, width] = source.tensors.get(name)!.shape as [number, number];
  expect(rows * width).toBe(expected.length);
  expect(unsigned(await source.read(name))).toEqual(expected);
  for (const [start, end] of [
    [0, 1],
    [1, 2],
    [rows - 3, rows],
    [2, 2],
  ] as const) {
    expect(unsigned(await source.read(name, start, end))).toEqual(expected.slice(start * width, end * width));
  }
});

it('lists a weight once, with its own shape and type', () => {
  expect(names).toHaveLength(24);
  expect(source.tensors.size).toBe(48);
  expect(source.tensors.get('nf4_true_float16_64.weight')).toMatchObject({ dtype: 'NF4', shape: [6, 34] });
  expect(source.tensors.get('fp4_false_float32_32.weight')).toMatchObject({ dtype: 'FP4', shape: [83, 101] });
});

let copies = 0;

/** A copy of a base of the matrix, to edit. */
function copyOf(base: string): string {
  const folder = join(work, `${base}${copies++}`);
  cpSync(join(BASES, base), folder, { recursive: true });
  return folder;
}

function setQuantisation(folder: string, quantisation: unknown): void {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify({ ...(readJson(path) as object), quantization_config: quantisation }));
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

const WEIGHT = 'model.layers.0.self_attn.q_proj.weight';
const STATE = `${WEIGHT}.quant_state.bitsandbytes__nf4`;

const edited = (edit: (header: Header) => void) => (folder: string) =>
  editSafetensors(join(folder, 'model.safetensors'), header => edit(header as Header));

const without = (...parts: string[]) =>
  edited(header => {
    for (const part of parts) delete header[`${WEIGHT}.${part}`];
  });

/** Replaces text of the first state in the file by text of the same length. */
const stated = (from: string, to: string) => (folder: string) => {
  const path = join(folder, 'model.safetensors');
  const bytes = readFileSync(path);
  bytes.write(to.padEnd(from.length), bytes.indexOf(from));
  writeFileSync(path, bytes);
};

describe('refuses', () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    // bitsandbytes-foundation/bitsandbytes issue 695: weights of versions that could not save their quant_state.
    ['no quant_state', without('quant_state.bitsandbytes__nf4'), /q_proj\.weight.*quant_state.*found only/],
    [
      'the packed weight alone',
      without('quant_state.bitsandbytes__nf4', 'absmax', 'quant_map', 'nested_absmax', 'nested_quant_map'),
      /q_proj\.weight: expected its .*quant_state.*found only .*q_proj\.weight:/,
    ],
    [
      'no absmax',
      without('absmax'),
      /q_proj\.weight\.absmax: expected 16 values of U8, found no such tensor/,
    ],
    ['no quant_map', without('quant_map'), /quant_map: expected 16 values of F32, found no such tensor/],
    ['no nested_absmax', without('nested_absmax'), /nested_absmax: expected 1 values of F32, found no such/],
    ['no nested_quant_map', without('nested_quant_map'), /nested_quant_map: expected 256 values of F32/],
    ['no weight', edited(header => delete header[WEIGHT]), /q_proj\.weight: expected the packed weight/],
    [
      'a transposed weight',
      edited(header => header[WEIGHT]!.shape.reverse()),
      /expected a column of 512 bytes for \[32, 32\] in 4 bits, found \[1, 512\] of U8/,
    ],
    [
      'another table',
      edited(header => {
        header[`${WEIGHT}.quant_map`]!.data_offsets = header['model.norm.weight']!.data_offsets;
      }),
      /quant_map: expected the values of NF4/,
    ],
    [
      'a state of floats',
      edited(header => {
        header[STATE]!.dtype = 'F8_E4M3';
      }),
      /bitsandbytes__nf4: expected JSON in at most 65536 bytes of U8/,
    ],
    [
      'two states',
      edited(header => {
        header[STATE.replace('nf4', 'fp4')] = { ...header[STATE]! };
      }),
      /expected one quant_state, found two/,
    ],
    ['no JSON', stated('{"quant_type"', 'not JSON'), /bitsandbytes__nf4: not valid JSON/],
    [
      'another type',
      stated('"quant_type": "nf4"', '"quant_type": "fp4"'),
      /quant_type: expected nf4, found "fp4"/,
    ],
    ['a block size of 48', stated('"blocksize": 64', '"blocksize": 48'), /blocksize: expected one of 32, 64/],
    ['a fraction in a shape', stated('[32, 32]', '[.5e1,8]'), /not valid JSON/],
    ['a negative shape', stated('[32, 32]', '[-2, -9]'), /shape: expected two whole numbers above 0/],
    ['a huge shape', stated('[32, 32]', '[9e99,9]'), /shape: expected two whole numbers above 0/],
    ['a larger shape', stated('[32, 32]', '[99, 32]'), /expected a column of 1584 bytes for \[99, 32\]/],
    ['another rounding', stated('"float16"', '"float64"'), /dtype: expected float32, float16 or bfloat16/],
    [
      'nested scales of another type',
      stated('"nested_dtype": "float32"', '"nested_dtype": "float16"'),
      /nested_dtype: expected "float32", found "float16"/,
    ],
  ])('%s', (_, damage, message) => {
    const folder = copyOf('nf4');
    damage(folder);
    expect(() => openBase(folder)).toThrow(message);
  });
});

describe('quantization_config', () => {
  it.each<[string, object, string]>([
    // huggingface/lighteval issue 200.
    [
      'LLM.int8',
      { quant_method: 'bitsandbytes', _load_in_8bit: true, load_in_8bit: true, load_in_4bit: false },
      'bitsandbytes in 8 bits (LLM.int8)',
    ],
    ['an old config of LLM.int8', { load_in_8bit: true }, 'bitsandbytes in 8 bits (LLM.int8)'],
    ['no method', { bits: 4 }, 'no quant_method'],
    ...['gptq', 'awq', 'fp8', 'hqq', 'mxfp4', 'compressed-tensors', 'torchao'].map(
      method => [method, { quant_method: method }, method] as [string, object, string],
    ),
  ])('of %s is refused with what to do', (_, config, found) => {
    const folder = copyOf('multi_query');
    setQuantisation(folder, config);
    expect(() => openBase(folder)).toThrow(
      `config.json: quantization_config: quant_method: expected bitsandbytes in 4 bits, found ${found}, whose ` +
        'weights cannot be read. Give the unquantised base',
    );
  });

  // unslothai/unsloth issue 1597: a published base whose weights are in 4 bits and whose config.json does not say so.
  it('may be missing where weights are in 4 bits', () => {
    const folder = copyOf('nf4');
    setQuantisation(folder, null);
    const { weights } = openBase(folder);
    weights.close();
    expect(weights.tensors.get('layers.0.self_attn.q_proj.weight')).toMatchObject({ dtype: 'NF4' });
  });

  // vllm-project/vllm issue 10590: the model was dequantised before it was saved.
  it('may be left where no weight is in 4 bits', async () => {
    const folder = copyOf('multi_query');
    setQuantisation(folder, { quant_method: 'bitsandbytes', load_in_4bit: true });
    const name = 'layers.0.self_attn.q_proj.weight';
    const found = openBase(folder).weights;
    const plain = openBase(join(BASES, 'multi_query')).weights;
    expect(await found.read(name)).toEqual(await plain.read(name));
    found.close();
    plain.close();
  });
});

// Savers split shards by size, so a weight and its scales may lie in different ones.
it('reads shards, and names that a wrapper left', async () => {
  const folder = copyOf('nf4');
  const whole = join(folder, 'model.safetensors');
  renameTensorsIn(whole, name => name.replace('model.', 'module._orig_mod.model.'));
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const shardOf = (name: string) => shards[name.includes('absmax') ? 1 : 0];
  const weightMap: Record<string, string> = {};
  for (const shard of shards) {
    cpSync(whole, join(folder, shard));
    editSafetensors(join(folder, shard), header => {
      for (const name of Object.keys(header)) {
        if (name === '__metadata__') continue;
        if (shardOf(name) === shard) weightMap[name] = shard;
        else delete header[name];
      }
    });
  }
  rmSync(whole);
  writeFileSync(`${whole}.index.json`, JSON.stringify({ weight_map: weightMap }));
  const found = openBase(folder).weights;
  const expected = openBase(join(BASES, 'nf4')).weights;
  expect([...found.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
  for (const name of expected.tensors.keys()) {
    expect(await found.read(name)).toEqual(await expected.read(name));
  }
  found.close();
  expected.close();
});

it('inspect shows the types and the number of parameters', () => {
  const inspect = (base: string) =>
    spawnSync(process.execPath, [join(ROOT, 'dist/cli.js'), 'inspect', join(BASES, base)], {
      encoding: 'utf8',
    }).stdout;
  expect(inspect('nf4')).toMatch(/stored as +F16 \(9 tensors\), NF4 \(20 tensors\)/);
  const family = (text: string) => /family.*/.exec(text)?.[0];
  expect(family(inspect('nf4'))).toBe(family(inspect('llama')));
});
