// Cuts a text at the matches of a pattern: the SplitDelimiterBehavior of the tokenizers library.

import { unsupported } from './json.js';
import type { Pattern } from './regex.js';

/** A stretch of the text, [start, end) in UTF-16 units, and whether the pattern matched it. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly isMatch: boolean;
}

/** Which stretches become pieces, by the name of the behavior. */
const BEHAVIORS = new Map<string, (stretches: Iterable<Stretch>) => Iterable<Stretch>>([
  ['Isolated', stretches => stretches],
  ['Removed', withoutMatches],
  ['Contiguous', stretches => joinPairs(stretches, (left, right) => left.isMatch === right.isMatch)],
  ['MergedWithPrevious', stretches => joinPairs(stretches, (left, right) => !left.isMatch && right.isMatch)],
  ['MergedWithNext', stretches => joinPairs(stretches, (left, right) => left.isMatch && !right.isMatch)],
]);

/** Cuts a text into pieces. */
export interface Cut {
  pieces(text: string): readonly string[];
  /** The same pieces by their positions, found one by one. */
  stretches(text: string): Iterable<Stretch>;
}

/**
 * Compiles a cut at the matches of a pattern. Throws UserError if the behavior is unknown.
 * @param isInverted whether matches and the text between them swap their roles
 */
export function compileCut({ regex, view }: Pattern, behavior: string, isInverted = false): Cut {
  const join = BEHAVIORS.get(behavior);
  if (!join) throw unsupported('pre_tokenizer', `Split with behavior ${behavior}`);
  return {
    pieces(text) {
      const viewed = view(text);
      if (behavior === 'Isolated' && viewed === text) {
        // A shortcut: most patterns match the whole text and leave nothing between the matches.
        const pieces = text.match(regex);
        if (pieces && totalLength(pieces) === text.length) return pieces;
      }
      return Array.from(join(stretchesOf(viewed, regex, isInverted)), ({ start, end }) =>
        text.slice(start, end),
      );
    },
    stretches: text => join(stretchesOf(view(text), regex, isInverted)),
  };
}

function totalLength(pieces: readonly string[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function* stretchesOf(text: string, regex: RegExp, isInverted: boolean): Generator<Stretch> {
  let end = 0;
  for (const match of text.matchAll(regex)) {
    const start = match.index;
    if (start > end) yield { start: end, end: start, isMatch: isInverted };
    end = start + match[0].length;
    if (end > start) yield { start, end, isMatch: !isInverted };
  }
  if (end < text.length) yield { start: end, end: text.length, isMatch: isInverted };
}

function* withoutMatches(stretches: Iterable<Stretch>): Generator<Stretch> {
  for (const stretch of stretches) if (!stretch.isMatch) yield stretch;
}

/** Joins neighbours for which `belong` holds; it is given the stretches as they were before any of them was joined. */
function* joinPairs(
  stretches: Iterable<Stretch>,
  belong: (left: Stretch, right: Stretch) => boolean,
): Generator<Stretch> {
  let previous: Stretch | undefined;
  let joined: Stretch | undefined;
  for (const stretch of stretches) {
    if (joined && previous && belong(previous, stretch)) joined = { ...joined, end: stretch.end };
    else {
      if (joined) yield joined;
      joined = stretch;
    }
    previous = stretch;
  }
  if (joined) yield joined;
}
