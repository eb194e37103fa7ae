// Decoding UTF-8 as the platform's strict decoder does, with the place of the first fault.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeUtf8, utf8Fault } from '../dist/utf8.js';

const strict = () => new TextDecoder('utf-8', { fatal: true });

it('decodes what the strict decoder decodes, and refuses the rest', () => {
  const parts = fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.string({ unit: 'binary' }).map(Buffer.from));
  fc.assert(
    fc.property(fc.array(parts), arrays => {
      const bytes = Buffer.concat(arrays);
      let expected: string | undefined;
      try {
        expected = strict().decode(bytes);
      } catch {}
      if (expected !== undefined) {
        expect(decodeUtf8(bytes)).toBe(expected);
        return;
      }
      expect(() => decodeUtf8(bytes)).toThrow(/^expected UTF-8, found /);
      const offset = Number(/offset (\d+)$/.exec(utf8Fault(bytes)!)?.[1] ?? bytes.length);
      // The bytes before the fault may be the start of a text.
      expect(() => strict().decode(bytes.subarray(0, offset), { stream: true })).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});

it.each([
  [[0x61, 0xe9, 0x62], 'expected UTF-8, found the byte 0xe9 at offset 1'],
  [[0xff, 0xfe, 0x61, 0x00], 'expected UTF-8, found the byte 0xff at offset 0'],
  [[0xef, 0xbb, 0xbf, 0x0a, 0x85], 'expected UTF-8, found the byte 0x85 at offset 4'],
  [[0x61, 0xef, 0xbf], 'expected UTF-8, found an incomplete character at the end'],
])('%j: %s', (bytes, fault) => {
  expect(utf8Fault(Uint8Array.from(bytes))).toBe(fault);
  expect(() => decodeUtf8(Uint8Array.from(bytes), 'a.json')).toThrow(`a.json: ${fault}`);
});
