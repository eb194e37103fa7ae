// Encodes a text to tokens with their positions in it, the offsets of the tokenizers library.

import type { AddedTokens } from './addedTokens.js';
import type { NormalizeAligned } from './alignedNormalizer.js';
import type { Model } from './model.js';
import type { Piece, PreTokenizer } from './preTokenizer.js';
import type { TokenStrings } from './tokenStrings.js';
import { endOfCharacter } from './unicode.js';

/** A token, and the stretch of the text that it stands for: [start, end) in UTF-16 units. */
export interface LocatedToken {
  readonly id: number;
  /** Tokens overlap where they share a character, and where the tokenizer inserts one. */
  readonly start: number;
  readonly end: number;
  /** The token as a string; for an added token, with the white space that it includes. */
  readonly text: string;
}

/** Gives the stretch of the text from the character at `first` to that at `last`, which are indices in a section. */
type StretchOf = (first: number, last: number) => Pick<LocatedToken, 'start' | 'end'>;

/** The parts of a tokenizer that tell where tokens stand. */
export interface LocatingParts {
  readonly normalize: NormalizeAligned;
  readonly addedTokens: AddedTokens;
  readonly preTokenizer: PreTokenizer;
  readonly model: Model;
  readonly strings: TokenStrings;
}

/** Finds the tokens of a well-formed text one by one, so that a caller who needs only the first ones may stop. */
export function* locateTokens(text: string, parts: LocatingParts): Generator<LocatedToken> {
  for (const section of parts.addedTokens.locate(text, parts.normalize)) {
    const stretchOf: StretchOf = (first, last) => ({
      start: section.originOf(first),
      end: endOfCharacter(text, section.originOf(last)),
    });
    if (section.id !== undefined) {
      yield { id: section.id, text: section.text, ...stretchOf(0, section.text.length - 1) };
    } else {
      for (const piece of parts.preTokenizer.pieces(section.text, section.isStart)) {
        yield* tokensOfPiece(piece, parts, stretchOf);
      }
    }
  }
}

function* tokensOfPiece(
  piece: Piece,
  { model, strings }: LocatingParts,
  stretchOf: StretchOf,
): Generator<LocatedToken> {
  // A character that the pre-tokenizer inserted comes from the character before which it stands.
  const indexOf = (position: number) => piece.start + Math.max(0, position - piece.inserted);
  let wordStart = 0;
  for (const word of model.wordsOf(piece.text)) {
    const { ids, starts, ends } = model.locateWord(word);
    for (const [i, id] of ids.entries()) {
      const first = indexOf(wordStart + starts[i]!);
      const last = indexOf(wordStart + ends[i]! - 1);
      yield { id, text: strings.tokenOf(id), ...stretchOf(first, last) };
    }
    wordStart += word.length;
  }
}
