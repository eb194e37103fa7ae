// Positions in a text, counted as a client counts them.

export type OffsetUnit = 'codepoint' | 'utf16' | 'byte';

/** UTF-16 units, code points or UTF-8 bytes of the character that starts at each position. */
const WIDTHS: Record<OffsetUnit, (codePoint: number) => number> = {
  utf16: codePoint => (codePoint > 0xffff ? 2 : 1),
  codepoint: () => 1,
  // A lone surrogate is sent as U+FFFD, three bytes.
  byte: codePoint => (codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4),
};

/**
 * Converts UTF-16 positions of `text` into `unit`s from its start, in one pass over the text.
 * Positions are in any order, and none is inside a surrogate pair.
 */
export function offsetsIn(text: string, unit: OffsetUnit, positions: Iterable<number>): Map<number, number> {
  const width = WIDTHS[unit];
  const converted = new Map<number, number>();
  let at = 0;
  let count = 0;
  for (const position of [...positions].sort((a, b) => a - b)) {
    while (at < position) {
      const codePoint = text.codePointAt(at)!;
      count += width(codePoint);
      at += codePoint > 0xffff ? 2 : 1;
    }
    converted.set(position, count);
  }
  return converted;
}
