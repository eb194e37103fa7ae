// Damaged GGUF files, and headers that make false claims, are refused.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RandomAccessFile } from '../../dist/checkpoint/files.js';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { ggufConfig } from '../../dist/checkpoint/ggufConfig.js';
import { ggufAsHuggingFace } from '../../dist/checkpoint/ggufNames.js';
import { UserError } from '../../dist/errors.js';
import { temporaryFolder } from '../support/fixtures.js';
import { ARRAY, gguf, pair, UINT32, uint32, uint64 } from '../support/ggufWriter.js';

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/gguf', name);
const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

function saved(bytes: Uint8Array): string {
  const path = join(folder, 'case.gguf');
  writeFileSync(path, bytes);
  return path;
}

it('opens files of versions 2 and 3', async () => {
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
    ['another format', Buffer.from('PK\x03\x04 and so on'), /case\.gguf: expected a GGUF file/],
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
      'dimensions whose product is far too large',
      gguf({ entries: [{ dimensions: Array(4).fill(2 ** 50) }] }),
      /a ends at byte/,
    ],
    [
      'rows that are no whole number of blocks',
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
      'an offset that is not aligned',
      gguf({ entries: [{ offset: 4 }] }),
      /a: expected an offset that is a multiple of 32, found 4/,
    ],
    [
      'a dimension of 0',
      gguf({ entries: [{ dimensions: [4, 0] }] }),
      /a: expected dimensions above 0, found \[0, 4\]/,
    ],
    [
      'a tensor of blocks without dimensions',
      gguf({ entries: [{ type: 2, dimensions: [] }] }),
      /multiple of 32 \(Q4_0\), found no dimensions/,
    ],
    ['a tensor that comes twice', gguf({ entries: [{}, { offset: 32 }] }), /has the tensor a twice/],
    [
      'tensors that overlap',
      gguf({ entries: [{ dimensions: [9] }, { name: 'b', offset: 32 }] }),
      /a and b overlap/,
    ],
  ])('%s', (_, bytes, message) => {
    const reads = vi.spyOn(RandomAccessFile.prototype, 'readSync');
    const open = () => openGguf(saved(bytes));
    expect(open).toThrow(UserError);
    expect(open).toThrow(message);
    for (const [, length] of reads.mock.calls) expect(length).toBeLessThanOrEqual(bytes.length);
  });

  it('a file that is truncated at any length', () => {
    const whole = readFileSync(fixture('llama.gguf'));
    for (let length = 0; length < whole.length; length += length < 3000 ? 13 : 1021) {
      const open = () => openGguf(saved(whole.subarray(0, length)));
      expect(open, `truncated to ${length} bytes`).toThrow(UserError);
    }
  });

  it('a file that is truncated after it was opened', async () => {
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
])(
  'reads or refuses %s with damage in its first %i bytes, without another error',
  async (name, headerBytes) => {
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
    // Some damage is noticed when the file is opened, and some is not.
    expect(opened).toBeGreaterThan(20);
    expect(opened).toBeLessThan(450);
  },
);
