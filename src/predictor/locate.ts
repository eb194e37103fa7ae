// The positions of words and entities in the text that was sent, counted in the unit that the caller asks for.

import { type OffsetUnit, offsetsIn } from '../text/offsets.js';
import type { Span } from '../text/words.js';
import type { Entity } from './tag.js';

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

/** Locates words and entities of `text`. `words` are in UTF-16 units; the result is in `unit`s. */
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
