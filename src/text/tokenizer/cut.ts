// Cuts a text at the matches of a pattern: the SplitDelimiterBehavior of the tokenizers library.

import { unsupported } from './json.js';
import type { Pattern } from './regex.js';

/** A stretch of the text, [start, end) in UTF-16 units, and whether the pattern matched it. */
interface Stretch {
  start: number;
  end: number;
  isMatch: boolean;
}

/** Which stretches become pieces, by the name of the behavior. */
const BEHAVIORS = new Map<string, (stretches: Stretch[]) => Stretch[]>([
  ['Isolated', stretches => stretches],
  ['Removed', stretches => stretches.filter(({ isMatch }) => !isMatch)],
  ['Contiguous', stretches => joinPairs(stretches, (left, right) => left.isMatch === right.isMatch)],
  ['MergedWithPrevious', stretches => joinPairs(stretches, (left, right) => !left.isMatch && right.isMatch)],
  ['MergedWithNext', stretches => joinPairs(stretches, (left, right) => left.isMatch && !right.isMatch)],
]);

/**
 * Compiles a function that cuts a text into pieces. Throws UserError if the behavior is unknown.
 * @param isInverted whether matches and the text between them swap their roles
 */
export function compileCut(
  { regex, view }: Pattern,
  behavior: string,
  isInverted = false,
): (text: string) => readonly string[] {
  const join = BEHAVIORS.get(behavior);
  if (!join) throw unsupported('pre_tokenizer', `Split with behavior ${behavior}`);
  return text => {
    const viewed = view(text);
    if (behavior === 'Isolated' && viewed === text) {
      // A shortcut: most patterns match the whole text and leave nothing between the matches.
      const pieces = text.match(regex);
      if (pieces && totalLength(pieces) === text.length) return pieces;
    }
    const stretches = stretchesOf(viewed, regex, isInverted);
    return join(stretches).map(({ start, end }) => text.slice(start, end));
  };
}

function totalLength(pieces: readonly string[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function stretchesOf(text: string, regex: RegExp, isInverted: boolean): Stretch[] {
  const stretches: Stretch[] = [];
  let end = 0;
  for (const match of text.matchAll(regex)) {
    const start = match.index;
    if (start > end) stretches.push({ start: end, end: start, isMatch: isInverted });
    end = start + match[0].length;
    if (end > start) stretches.push({ start, end, isMatch: !isInverted });
  }
  if (end < text.length) stretches.push({ start: end, end: text.length, isMatch: isInverted });
  return stretches;
}

/** Joins neighbours for which `belong` holds; it is given the stretches as they were before any of them was joined. */
function joinPairs(stretches: Stretch[], belong: (left: Stretch, right: Stretch) => boolean): Stretch[] {
  return stretches.reduce<Stretch[]>((joined, stretch, i) => {
    const previous = stretches[i - 1];
    if (previous && belong(previous, stretch)) joined.at(-1)!.end = stretch.end;
    else joined.push({ ...stretch });
    return joined;
  }, []);
}
