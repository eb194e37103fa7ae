// GGUF files against gguf-py's own reading of them (fixtures/gguf/make_gguf.py), and against damage.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { BLOCK_TYPES, decodeF16, decodeF32 } from '../../dist/checkpoint/dequantize.js';
import { RandomAccessFile } from '../../dist/checkpoint/files.js';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { ggufConfig } from '../../dist/checkpoint/ggufConfig.js';
import { ggufAsHuggingFace } from '../../dist/checkpoint/ggufNames.js';
import { elementCount } from '../../dist/checkpoint/tensors.js';
import { UserError } from '../../dist/errors.js';

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/gguf', name);
const folder = mkdtempSync(join(tmpdir(), 'gguf-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

function saved(bytes: Uint8Array): string {
  const path = join(folder, 'case.gguf');
  writeFileSync(path, bytes);
  return path;
}

/** Float32 values as bytes, so that equality is bit for bit, NaN and -0 included. */
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

  it('refuses another type when it is read, and names it', async () => {
    expect(file.tensors.get('IQ2_XS.weight')?.dtype).toBe('IQ2_XS');
    await expect(file.read('IQ2_XS.weight')).rejects.toThrow(
      new UserError(
        'IQ2_XS.weight: expected one of F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, ' +
          'found IQ2_XS in types.gguf',
      ),
    );
  });

  it('refuses a name that the file lacks', async () => {
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

describe('a llama as Hugging Face has it', () => {
  const file = openGguf(fixture('llama.gguf'));
  const expected = readFileSync(fixture('llama.f32'));
  const listed: [string, number[]][] = JSON.parse(readFileSync(fixture('llama.json'), 'utf8'));

  it('has its names, shapes, values and order of rows', async () => {
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

  it('has its config', () => {
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
      'GGUF metadata: general.architecture: expected one of llama, qwen2, qwen3, phi3, gemma, gemma2, gemma3, found mamba',
    ],
    [
      'llama.rope.scaling.type',
      'longrope',
      /llama\.rope\.scaling\.type: expected none or linear or yarn, found longrope/,
    ],
    ['llama.rope.scaling.factor', 'x', /llama\.rope\.scaling\.factor: expected a number, found x/],
    ['llama.rope.dimension_count', 4, /llama\.rope\.dimension_count: expected 8.*found 4/],
    ['llama.attention.value_length', 16, /llama\.attention\.value_length: expected 8.*found 16/],
    [
      'llama.attention.head_count_kv',
      Uint32Array.of(2, 2),
      /head_count_kv: expected a number, found a list of 2/,
    ],
    ['llama.embedding_length', '32', /llama\.embedding_length: expected a number, found 32/],
  ])('refuses metadata with %s %s', (key, value, message) => {
    const config = () => ggufConfig({ ...file, metadata: new Map([...file.metadata, [key, value]]) });
    expect(config).toThrow(UserError);
    expect(config).toThrow(message);
  });

  it('takes the rope scaling type none', () => {
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

// A GGUF file written by hand: only what a header needs.
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const uint64 = (value: number | bigint) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
const pair = (key: string, type: number, value: Buffer) => Buffer.concat([text(key), uint32(type), value]);
const UINT32 = 4;
const ARRAY = 9;

interface Entry {
  name?: string;
  dimensions?: (number | bigint)[];
  type?: number;
  offset?: number | bigint;
}

function entry({ name = 'a', dimensions = [8], type = 0, offset = 0 }: Entry): Buffer {
  return Buffer.concat([
    text(name),
    uint32(dimensions.length),
    ...dimensions.map(uint64),
    uint32(type),
    uint64(offset),
  ]);
}

function gguf(
  parts: {
    version?: number;
    pairs?: Buffer[];
    entries?: Entry[];
    tensorCount?: bigint;
    pairCount?: bigint;
  } = {},
) {
  const { version = 3, pairs = [], entries = [] } = parts;
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(version),
    uint64(parts.tensorCount ?? entries.length),
    uint64(parts.pairCount ?? pairs.length),
    ...pairs,
    ...entries.map(entry),
  ]);
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  return Buffer.concat([header, padding, Buffer.alloc(64)]);
}

it('opens versions 2 and 3', async () => {
  for (const version of [2, 3]) {
    const file = openGguf(saved(gguf({ version, entries: [{ dimensions: [2, 3] }] })));
    expect(file.tensors.get('a')?.shape).toEqual([3, 2]);
    expect(await file.read('a')).toEqual(new Float32Array(6));
    file.close();
  }
});

describe('refuses', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', Buffer.alloc(0), /case\.gguf: its header goes on beyond byte 0/],
    ['another format', Buffer.from('PK\x03\x04 and so on'), /case\.gguf: is not a GGUF file/],
    ['version 1', gguf({ version: 1 }), /expected GGUF version 2 or 3, found version 1/],
    ['version 4', gguf({ version: 4 }), /expected GGUF version 2 or 3, found version 4/],
    ['big-endian files', gguf({ version: 3 << 24 }), /expected a little-endian GGUF file/],
    ['2^60 tensors', gguf({ tensorCount: 2n ** 60n }), /claims 1152921504606846976 tensors, but has room/],
    ['2^60 metadata entries', gguf({ pairCount: 2n ** 60n }), /claims 1152921504606846976 metadata entries/],
    [
      'a string of 2^40 bytes',
      gguf({ pairs: [pair('k', 8, uint64(2n ** 40n))] }),
      /claims 1099511627776 bytes in a string/,
    ],
    [
      'an array of 2^61 strings',
      gguf({ pairs: [pair('k', ARRAY, Buffer.concat([uint32(8), uint64(2n ** 61n)]))] }),
      /claims 2305843009213693952 strings in k/,
    ],
    [
      'an array of 2^30 numbers',
      gguf({ pairs: [pair('k', ARRAY, Buffer.concat([uint32(4), uint64(2n ** 30n)]))] }),
      /claims 1073741824 numbers in k/,
    ],
    [
      'arrays of arrays',
      gguf({ pairs: [pair('k', ARRAY, Buffer.concat([uint32(9), uint64(1)]))] }),
      /k: expected an array of strings or numbers, found type 9/,
    ],
    [
      'an unknown value type',
      gguf({ pairs: [pair('k', 77, uint64(1))] }),
      /k: expected a GGUF value type, found 77/,
    ],
    [
      'a metadata key that comes twice',
      gguf({ pairs: [pair('k', UINT32, uint32(1)), pair('k', UINT32, uint32(1))] }),
      /has the metadata key k twice/,
    ],
    [
      'an alignment of zero',
      gguf({ pairs: [pair('general.alignment', UINT32, uint32(0))] }),
      /general\.alignment: expected a power of two, found 0/,
    ],
    [
      'an alignment of 48',
      gguf({ pairs: [pair('general.alignment', UINT32, uint32(48))] }),
      /general\.alignment: expected a power of two, found 48/,
    ],
    [
      'one part of a split model',
      gguf({ pairs: [pair('split.count', UINT32, uint32(3))] }),
      /is one of 3 parts of a model; join them/,
    ],
    ['an unknown type', gguf({ entries: [{ type: 1000 }] }), /case\.gguf: a: .* found the unknown type 1000/],
    [
      'five dimensions',
      gguf({ entries: [{ dimensions: [1, 1, 1, 1, 1] }] }),
      /at most 4 dimensions, found 5/,
    ],
    [
      'a dimension of 2^63',
      gguf({ entries: [{ dimensions: [2n ** 63n] }] }),
      /has a dimension or offset of 9223/,
    ],
    [
      'sizes whose product is absurd',
      gguf({ entries: [{ dimensions: Array(4).fill(2 ** 50) }] }),
      /a ends at byte/,
    ],
    [
      'rows of broken blocks',
      gguf({ entries: [{ type: 2, dimensions: [33] }] }),
      /multiple of 32 \(Q4_0\), found 33/,
    ],
    [
      'a tensor beyond the end',
      gguf({ entries: [{ dimensions: [17] }] }),
      /a ends at byte 132, the file at 128/,
    ],
    ['an offset beyond the end', gguf({ entries: [{ offset: 96 }] }), /a ends at byte 192, the file at 128/],
    [
      'an offset of 2^64 - 1',
      gguf({ entries: [{ offset: 2n ** 64n - 1n }] }),
      /dimension or offset of 18446744/,
    ],
    [
      'an offset between steps',
      gguf({ entries: [{ offset: 4 }] }),
      /a: expected an offset in steps of 32, found 4/,
    ],
    ['a tensor that comes twice', gguf({ entries: [{}, { offset: 32 }] }), /has the tensor a twice/],
    [
      'tensors that overlap',
      gguf({ entries: [{ dimensions: [9] }, { name: 'b', offset: 32 }] }),
      /a and b overlap/,
    ],
  ])('%s', (_, bytes, message) => {
    const reads = vi.spyOn(RandomAccessFile.prototype, 'read');
    const open = () => openGguf(saved(bytes));
    expect(open).toThrow(UserError);
    expect(open).toThrow(message);
    for (const [, length] of reads.mock.calls) expect(length).toBeLessThanOrEqual(bytes.length);
  });

  it('a file cut short anywhere', () => {
    const whole = readFileSync(fixture('llama.gguf'));
    for (let length = 0; length < whole.length; length += length < 3000 ? 13 : 1021) {
      const open = () => openGguf(saved(whole.subarray(0, length)));
      expect(open, `cut to ${length} bytes`).toThrow(UserError);
    }
  });

  it('a file that shrank after it was opened', async () => {
    const path = saved(gguf({ entries: [{}] }));
    const file = openGguf(path);
    writeFileSync(path, '');
    await expect(file.read('a')).rejects.toThrow(UserError);
    file.close();
  });
});

it.each([
  ['types.gguf', 1300],
  ['llama.gguf', 2800],
])('reads or refuses %s with damage in its first %i bytes, and never breaks', async (name, headerBytes) => {
  const whole = readFileSync(fixture(name));
  const damage = fc.array(fc.tuple(fc.nat(headerBytes), fc.nat(255)), { minLength: 1, maxLength: 4 });
  let opened = 0;
  await fc.assert(
    fc.asyncProperty(damage, async changes => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      try {
        const file = openGguf(saved(bytes));
        opened++;
        try {
          for (const tensor of file.tensors.keys()) await file.read(tensor);
          ggufConfig(file);
          const source = ggufAsHuggingFace(file);
          for (const tensor of source.tensors.keys()) await source.read(tensor);
        } finally {
          file.close();
        }
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
  // the damage is neither always seen at once nor never
  expect(opened).toBeGreaterThan(20);
  expect(opened).toBeLessThan(450);
});
