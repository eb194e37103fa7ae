// Invisible format characters, such as joiners, soft hyphens and byte order marks. Words are found as if they were not
// there, as in rule WB4 of Unicode's text segmentation: https://www.unicode.org/reports/tr29/#WB4

import type { Span } from './span.js';

/** The zero width space is not among them, because it stands between words. */
const IGNORED = /(?:(?!\u200b)(?=\p{Default_Ignorable_Code_Point})\p{Cf}){1,4096}/gu;
/** Those that belong to the character before them: joiners, soft hyphens, and the tags of flags. */
const ATTACHED = /[\u00ad\u200c-\u200d\u{e0020}-\u{e007f}]{1,4096}/uy;

/**
 * Splits the text without its ignored characters, and returns the same words in the text itself. A word holds the
 * ignored characters inside it, and those that belong to its last character.
 */
export function splitIgnoring(text: string, split: (visible: string) => Span[]): Span[] {
  const visible = text.replace(IGNORED, '');
  const spans = split(visible);
  if (visible.length === text.length) return spans;
  const positions = visiblePositions(text, visible.length);
  return spans.map(({ start, end }) => {
    ATTACHED.lastIndex = positions[end - 1]! + 1;
    const last = ATTACHED.lastIndex;
    return { start: positions[start]!, end: ATTACHED.test(text) ? ATTACHED.lastIndex : last };
  });
}

/** The position in the text of each of its `count` UTF-16 units that are not ignored. */
function visiblePositions(text: string, count: number): Uint32Array {
  const positions = new Uint32Array(count);
  let index = 0;
  let position = 0;
  for (const { index: end, 0: ignored } of text.matchAll(IGNORED)) {
    while (position < end) positions[index++] = position++;
    position += ignored.length;
  }
  while (index < count) positions[index++] = position++;
  return positions;
}
