// Keeps graphemes whole: an emoji sequence, a flag or a punctuation mark with accents is never split into words.

import { segmentEnds } from './segments.js';
import type { Span } from './span.js';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/**
 * Characters without which no grapheme spans two words: marks, Thai and Lao am, joiners, regional indicators of
 * flags, emoji modifiers, prepended letters.
 */
const MAY_JOIN =
  /[\p{M}\u0e33\u0eb3\p{Cf}\p{Grapheme_Extend}\p{RI}\p{EMod}\p{sc=Malayalam}\u{11000}-\u{11fff}]/u;

/** Joins neighbouring words that share a grapheme. */
export function joinGraphemes(text: string, spans: Span[]): Span[] {
  if (!MAY_JOIN.test(text)) return spans;
  const ends = segmentEnds(graphemes, text);
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && last.end === span.start && !ends[span.start])
      joined[joined.length - 1] = { start: last.start, end: span.end };
    else joined.push(span);
  }
  return joined;
}
