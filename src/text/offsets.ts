// Converts positions in a text between the units in which clients count: UTF-16 units, code points, UTF-8 bytes.

export type OffsetUnit = 'codepoint' | 'utf16' | 'byte';

/** How many units one code point takes. */
const WIDTHS: Record<OffsetUnit, (codePoint: number) => number> = {
  utf16: codePoint => (codePoint > 0xffff ? 2 : 1),
  codepoint: () => 1,
  // A lone surrogate is sent as U+FFFD, which takes three bytes.
  byte: codePoint => (codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4),
};

/**
 * Converts UTF-16 positions of `text` to offsets in `unit`s from its start, in one pass over the text.
 * The positions may come in any order; none may lie inside a surrogate pair.
 * @returns the offset of each position
 */
export function offsetsIn(text: string, unit: OffsetUnit, positions: Iterable<number>): Map<number, number> {
  const width = WIDTHS[unit];
  const offsets = new Map<number, number>();
  let index = 0;
  let offset = 0;
  for (const position of [...positions].sort((a, b) => a - b)) {
    while (index < position) {
      const codePoint = text.codePointAt(index)!;
      offset += width(codePoint);
      index += codePoint > 0xffff ? 2 : 1;
    }
    offsets.set(position, offset);
  }
  return offsets;
}
