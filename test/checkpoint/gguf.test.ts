// GGUF files, compared with how gguf-py reads them (fixtures/gguf/make_gguf.py).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLOCK_TYPES, decodeF16, decodeF32 } from '../../dist/checkpoint/dequantize.js';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { ggufConfig } from '../../dist/checkpoint/ggufConfig.js';
import { ggufAsHuggingFace } from '../../dist/checkpoint/ggufNames.js';
import { elementCount } from '../../dist/checkpoint/tensors.js';
import { UserError } from '../../dist/errors.js';

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/gguf', name);

/** The bytes of float32 values, to compare them bit for bit, NaN and -0 included. */
function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

describe('every type that can be read', () => {
  const file = openGguf(fixture('types.gguf'));
  const expected = readFileSync(fixture('types.f32'));
  const names = [...BLOCK_TYPES.keys()];

  it.each(names)('decodes %s bit for bit as gguf-py does', async type => {
    const name = `${type}.weight`;
    expect(file.tensors.get(name)).toMatchObject({ name, dtype: type, shape: [3, 512] });
    const bytes = 3 * 512 * 4;
    const at = names.indexOf(type) * bytes;
    expect(bytesOf(await file.read(name)).equals(expected.subarray(at, at + bytes))).toBe(true);
  });

  it('names a type that cannot be read, when a tensor of it is read', async () => {
    expect(file.tensors.get('IQ2_XS.weight')?.dtype).toBe('IQ2_XS');
    await expect(file.read('IQ2_XS.weight')).rejects.toThrow(
      new UserError(
        'IQ2_XS.weight: expected one of F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, ' +
          'found IQ2_XS in types.gguf',
      ),
    );
  });

  it('refuses to read a tensor that the file does not have', async () => {
    await expect(file.read('absent')).rejects.toThrow(new UserError('types.gguf: holds no tensor absent'));
  });

  it('reads metadata of every type', () => {
    const metadata = Object.fromEntries([...file.metadata].filter(([key]) => key.startsWith('test.')));
    expect(metadata).toEqual({
      'test.uint8': 200,
      'test.int8': -100,
      'test.uint16': 60000,
      'test.int16': -30000,
      'test.uint32': 4000000000,
      'test.int32': -2000000000,
      'test.uint64': 2 ** 53 - 1,
      'test.uint64.large': 2n ** 63n,
      'test.int64': -(2 ** 40),
      'test.float32': 0.5,
      'test.float64': 0.1,
      'test.true': true,
      'test.false': false,
      'test.string': 'Größe 😀',
      'test.strings': ['', 'Ġt', '\ufeffmark'],
      'test.integers': Int32Array.of(-1, 2, 3),
      'test.floats': Float32Array.of(0.25, -1.5),
    });
  });
});

it('decodes floats that start at an odd byte', () => {
  const bytes = Uint8Array.of(9, 0x00, 0x00, 0xc0, 0x3f);
  const out = new Float32Array(1);
  decodeF32(bytes.subarray(1), out);
  expect(out[0]).toBe(1.5);
  decodeF16(bytes.subarray(3), out);
  expect(out[0]).toBe(1.9375);
});

describe('a llama, presented as Hugging Face stores it', () => {
  const file = openGguf(fixture('llama.gguf'));
  const expected = readFileSync(fixture('llama.f32'));
  const listed: [string, number[]][] = JSON.parse(readFileSync(fixture('llama.json'), 'utf8'));

  it('has the names, shapes, values and order of rows of the original', async () => {
    const source = ggufAsHuggingFace(file);
    expect([...source.tensors.keys()].sort()).toEqual(listed.map(([name]) => name).sort());
    let at = 0;
    for (const [name, shape] of listed) {
      const bytes = elementCount(shape) * 4;
      expect(source.tensors.get(name)).toMatchObject({ name, shape });
      expect(bytesOf(await source.read(name)).equals(expected.subarray(at, at + bytes)), name).toBe(true);
      at += bytes;
    }
  });

  it('has the config of the original', () => {
    expect(ggufConfig(file)).toEqual({
      model_type: 'llama',
      hidden_size: 32,
      intermediate_size: 48,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 8,
      rms_norm_eps: 0.5,
      rope_theta: 50000,
      vocab_size: 24,
      max_position_embeddings: 64,
      bos_token_id: 1,
      eos_token_id: 2,
    });
  });

  it.each([
    [
      'general.architecture',
      'mamba',
      'GGUF metadata: general.architecture: expected one of llama, qwen2, qwen3, phi3, gemma, gemma2, gemma3, found "mamba"',
    ],
    [
      'llama.rope.scaling.type',
      'longrope',
      /llama\.rope\.scaling\.type: expected none or linear or yarn, found "longrope"/,
    ],
    ['llama.rope.scaling.factor', 'x', /llama\.rope\.scaling\.factor: expected a number, found "x"/],
    ['llama.rope.dimension_count', 4, /llama\.rope\.dimension_count: expected 8.*found 4/],
    ['llama.attention.value_length', 16, /llama\.attention\.value_length: expected 8.*found 16/],
    [
      'llama.attention.head_count_kv',
      Uint32Array.of(2, 2),
      /head_count_kv: expected a number, found a list of 2/,
    ],
    ['llama.embedding_length', '32', /llama\.embedding_length: expected a number, found "32"/],
  ])('refuses metadata with %s %s', (key, value, message) => {
    const config = () => ggufConfig({ ...file, metadata: new Map([...file.metadata, [key, value]]) });
    expect(config).toThrow(UserError);
    expect(config).toThrow(message);
  });

  it('accepts the rope scaling type none', () => {
    const metadata = new Map([...file.metadata, ['llama.rope.scaling.type', 'none'] as const]);
    expect(ggufConfig({ ...file, metadata })).toEqual(ggufConfig(file));
  });

  it.each([
    ['rope_factors_long.weight', /^rope_factors_long\.weight: found in llama\.gguf: no such tensor/],
    ['blk.0.ffn_gate_inp.weight', /^blk\.0\.ffn_gate_inp\.weight: found in llama\.gguf: no such tensor/],
    ['blk.2.attn_q.weight', /^blk\.2\.attn_q\.weight: .* in a llama of 2 layers/],
    ['blk.00.attn_q.weight', /^blk\.00\.attn_q\.weight: /],
    ['constructor.weight', /^constructor\.weight: /],
  ])('refuses a tensor %s', (name, message) => {
    const tensors = new Map([...file.tensors, [name, { name, dtype: 'F32', shape: [32, 32] }]]);
    expect(() => ggufAsHuggingFace({ ...file, tensors })).toThrow(UserError);
    expect(() => ggufAsHuggingFace({ ...file, tensors })).toThrow(message);
  });
});
