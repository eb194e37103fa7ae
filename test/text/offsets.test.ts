// Offsets in every unit, compared with the counts of the platform's own functions.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetsIn } from '../../dist/text/offsets.js';

const TEXT = 'né 🎉é日本👩‍👩‍👧x';

describe('offsetsIn', () => {
  it('counts code points, UTF-16 units and UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const source = `${TEXT}${text}`;
        const boundaries = [0];
        for (const character of source) boundaries.push(boundaries.at(-1)! + character.length);
        const codepoints = offsetsIn(source, 'codepoint', boundaries);
        const bytes = offsetsIn(source, 'byte', boundaries);
        const utf16 = offsetsIn(source, 'utf16', boundaries);
        for (const boundary of boundaries) {
          const head = source.slice(0, boundary);
          expect(codepoints.get(boundary)).toBe([...head].length);
          expect(bytes.get(boundary)).toBe(new TextEncoder().encode(head).length);
          expect(utf16.get(boundary)).toBe(boundary);
        }
      }),
    );
  });
});
