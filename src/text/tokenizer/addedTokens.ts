// Cuts a text at its added tokens, which is the first step of encoding it.

import type { NormalizeAligned } from './alignedNormalizer.js';
import { type AddedToken, unsupported } from './json.js';
import type { Normalize } from './normalizer.js';
import { compiled, escapeRegex } from './regex.js';
import { asUnicode16 } from './unicode.js';

/**
 * The id of an added token, or a stretch of normalized text between them. `isStart` says whether it begins where the
 * user's text begins.
 */
export type Section = number | { readonly text: string; readonly isStart: boolean };

/** A section of a text and where it stands in it. */
export interface LocatedSection {
  /** The id of an added token; undefined for a stretch between them. */
  readonly id: number | undefined;
  /** What the section is after normalization; white space that an added token includes is part of it. */
  readonly text: string;
  readonly isStart: boolean;
  /** Where the character comes from that is at `index` of the section's text, in UTF-16 units: its position in the user's text. */
  originOf(index: number): number;
}

export class AddedTokens {
  readonly #normalize: Normalize;
  /** Finds the tokens with `normalized: false`, in the text as it came. */
  readonly #rawFinder: Finder | undefined;
  /** Finds the tokens with `normalized: true`, in the normalized text. */
  readonly #normalizedFinder: Finder | undefined;

  /**
   * Throws UserError if two tokens are equal after normalization.
   * @param splitSpecialTokens whether special tokens that a text spells are read as plain text
   */
  constructor(tokens: readonly AddedToken[], normalize: Normalize, splitSpecialTokens: boolean) {
    this.#normalize = normalize;
    const isPlainText = (token: AddedToken) => splitSpecialTokens && token.special;
    this.#rawFinder = finder(
      tokens.filter(token => !token.normalized),
      ({ content }) => content,
      isPlainText,
    );
    this.#normalizedFinder = finder(
      tokens.filter(token => token.normalized),
      ({ content }) => normalize(content),
      isPlainText,
    );
  }

  /** Cuts a text at its added tokens, like `extract_and_normalize` of the tokenizers library. */
  extract(text: string): Section[] {
    const sections: Section[] = [];
    for (const raw of stretchesOf(text, this.#rawFinder)) {
      if (raw.id !== undefined) sections.push(raw.id);
      else {
        const normalized = this.#normalize(text.slice(raw.start, raw.end));
        for (const { id, start, end } of stretchesOf(normalized, this.#normalizedFinder)) {
          sections.push(
            id ?? { text: normalized.slice(start, end), isStart: raw.start === 0 && start === 0 },
          );
        }
      }
    }
    return sections;
  }

  /** Finds the sections that `extract` gives one by one, with their positions. */
  *locate(text: string, normalize: NormalizeAligned): Generator<LocatedSection> {
    for (const raw of stretchesOf(text, this.#rawFinder)) {
      const isStart = raw.start === 0;
      const rawText = text.slice(raw.start, raw.end);
      if (raw.id !== undefined) {
        yield { id: raw.id, text: rawText, isStart, originOf: index => raw.start + index };
      } else {
        const { text: normalized, sources } = normalize(rawText);
        for (const { id, start, end } of stretchesOf(normalized, this.#normalizedFinder)) {
          yield {
            id,
            text: normalized.slice(start, end),
            isStart: isStart && start === 0,
            originOf: index => raw.start + (sources ? sources[start + index]! : start + index),
          };
        }
      }
    }
  }
}

interface Finder {
  readonly regex: RegExp;
  /** Tokens by the string that the expression matches. */
  readonly tokens: ReadonlyMap<string, AddedToken>;
  /** Whether a match of the token stays plain text. */
  readonly isPlainText: (token: AddedToken) => boolean;
}

/** The finder of some tokens; undefined if there are none. Throws UserError if two of them have one spelling. */
function finder(
  tokens: readonly AddedToken[],
  spellingOf: (token: AddedToken) => string,
  isPlainText: (token: AddedToken) => boolean,
): Finder | undefined {
  if (tokens.length === 0) return undefined;
  const bySpelling = new Map<string, AddedToken>();
  for (const token of tokens) {
    const spelling = spellingOf(token);
    if (spelling === '' || bySpelling.has(spelling)) {
      const expected = 'tokens that are distinct, and not empty, after normalization';
      throw unsupported('added_tokens', JSON.stringify(token.content), expected);
    }
    bySpelling.set(spelling, token);
  }
  // In descending order a token comes before its own prefixes, so that the longest match wins.
  const alternatives = [...bySpelling.keys()].sort().reverse().map(escapeRegex);
  return { regex: compiled('added_tokens', alternatives.join('|'), 'g'), tokens: bySpelling, isPlainText };
}

/** An added token, or text between them if it has no id: [start, end) in UTF-16 units. */
interface Stretch {
  readonly id?: number;
  readonly start: number;
  readonly end: number;
}

/** Follows `find_matches` of the tokenizers library, also if two tokens strip the same white space. */
function* stretchesOf(text: string, finder: Finder | undefined): Generator<Stretch> {
  let end = 0;
  for (const match of finder ? text.matchAll(finder.regex) : []) {
    const token = finder!.tokens.get(match[0])!;
    const matchEnd = match.index + match[0].length;
    if (finder!.isPlainText(token)) continue;
    if (token.single_word && touchesWord(text, match.index, matchEnd)) continue;
    const start = token.lstrip ? Math.max(end, startOfSpace(text, match.index)) : match.index;
    if (end < start) yield { start: end, end: start };
    const tokenEnd = token.rstrip ? endOfSpace(text, matchEnd) : matchEnd;
    yield { id: token.id, start, end: tokenEnd };
    end = tokenEnd;
  }
  if (end < text.length) yield { start: end, end: text.length };
}

/** \w of Rust's regex crate: letters, marks, digits, connectors and the zero-width joiners. */
const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Whether a word character stands right before or after text[start, end). */
function touchesWord(text: string, start: number, end: number): boolean {
  // Two UTF-16 units are enough for one character.
  const before = asUnicode16(text.slice(Math.max(0, start - 2), start));
  const after = asUnicode16(text.slice(end, end + 2));
  return WORD_BEFORE.test(before) || WORD_AFTER.test(after);
}

/** The start of the white space that ends at `end`. */
function startOfSpace(text: string, end: number): number {
  let start = end;
  while (start > 0 && isSpace(text[start - 1]!)) start--;
  return start;
}

/** The end of the white space that begins at `start`. */
function endOfSpace(text: string, start: number): number {
  let end = start;
  while (end < text.length && isSpace(text[end]!)) end++;
  return end;
}

/** Unicode's White_Space. JavaScript's \s also has U+FEFF, and lacks U+0085. */
function isSpace(character: string): boolean {
  return /\p{White_Space}/u.test(character);
}
