// Where entities stand in the text that was sent.

import { type OffsetUnit, offsetsIn } from '../text/offsets.js';
import type { Span } from '../text/words.js';
import type { Entity } from './tagger.js';

export interface LocatedEntity {
  readonly label: string;
  readonly score: number;
  /** Exactly the text between start and end. */
  readonly text: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface Located {
  readonly entities: readonly LocatedEntity[];
  /** [start, end] of each word. */
  readonly words: readonly (readonly [number, number])[];
}

/** Turns words into positions of `text`, counted in `unit`s. `words` are in UTF-16 units. */
export function locate(
  text: string,
  words: readonly Span[],
  entities: readonly Entity[],
  unit: OffsetUnit,
): Located {
  const positions = offsetsIn(
    text,
    unit,
    words.flatMap(({ start, end }) => [start, end]),
  );
  return {
    words: words.map(({ start, end }) => [positions.get(start)!, positions.get(end)!]),
    entities: entities.map(({ label, score, startWord, endWord }) => {
      const { start } = words[startWord]!;
      const { end } = words[endWord - 1]!;
      return {
        label,
        score,
        text: text.slice(start, end),
        start: positions.get(start)!,
        end: positions.get(end)!,
      };
    }),
  };
}

/** The words of a pre-split request in the text that joins them by a space. */
export function joinedSpans(words: readonly string[]): Span[] {
  let start = 0;
  return words.map(word => {
    const span = { start, end: start + word.length };
    start = span.end + 1;
    return span;
  });
}
