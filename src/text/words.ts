// Raw text to words, split like the taggers' training data: CoNLL-2003, which is close to the Penn Treebank.
// https://aclanthology.org/W03-0419, https://catalog.ldc.upenn.edu/docs/LDC99T42/tokenizer.html

import { isAbbreviation } from './words/abbreviations.js';
import { joinGraphemes } from './words/graphemes.js';
import { splitIgnoring } from './words/ignored.js';
import { WORD } from './words/pattern.js';
import { segmentEnds } from './words/segments.js';
import type { Span } from './words/span.js';

export type { Span };

/** Contractions are words of their own: do|n't  it|'s  they|'re. */
const CONTRACTION = /(?:n['’]t|['’](?:s|re|ve|ll|m|d))$/iu;

const unspacedWords = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * Splits a text into words, in order. Every visible character is in exactly one word, and no grapheme is split. Takes
 * time linear in the length of the text.
 */
export function splitWords(text: string): Span[] {
  return joinGraphemes(text, splitIgnoring(text, splitVisible));
}

function splitVisible(text: string): Span[] {
  const spans: Span[] = [];
  const pattern = new RegExp(WORD);
  let wordEnds: Uint8Array | undefined;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { index: start, groups = {} } = match;
    const end = pattern.lastIndex;
    if (groups.unspaced !== undefined) {
      wordEnds ??= segmentEnds(unspacedWords, text);
      let wordStart = start;
      for (let index = start + 1; index <= end; index++) {
        if (index === end || wordEnds[index]) {
          spans.push({ start: wordStart, end: index });
          wordStart = index;
        }
      }
    } else if (groups.plain !== undefined) {
      spans.push(...plainWords(text, start, end));
      pattern.lastIndex = spans.at(-1)!.end;
    } else {
      spans.push({ start, end });
    }
  }
  return spans;
}

/** A plain match as words: its contraction is split off, and the point of an abbreviation joins it. */
function plainWords(text: string, start: number, end: number): Span[] {
  const word = text.slice(start, end);
  const contraction = CONTRACTION.exec(word);
  if (contraction && contraction.index > 0) {
    const middle = start + contraction.index;
    return [
      { start, end: middle },
      { start: middle, end },
    ];
  }
  const hasPoint = text[end] === '.' && text[end + 1] !== '.' && isAbbreviation(word, text, end);
  return [{ start, end: hasPoint ? end + 1 : end }];
}
