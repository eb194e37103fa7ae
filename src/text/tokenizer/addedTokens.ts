// The added tokens of a tokenizer: found in a text before anything else is, and cut out of it.

import { type AddedToken, unsupported } from './json.js';
import type { Normalize } from './normalizer.js';
import { escapeRegex } from './regex.js';
import { asUnicode16 } from './unicode.js';

/** A stretch of normalised text for the model, or the id of an added token. */
export type Section = number | { readonly text: string; readonly isStart: boolean };

export class AddedTokens {
  readonly #normalize: Normalize;
  /** Tokens that are looked for in the text as it came, and those looked for once it is normalised. */
  readonly #raw: Finder | undefined;
  readonly #normalized: Finder | undefined;

  /** `areSpecialOnesText`: special tokens that a user writes are read as plain text (`split_special_tokens`). */
  constructor(tokens: readonly AddedToken[], normalize: Normalize, areSpecialOnesText: boolean) {
    this.#normalize = normalize;
    const found = (token: AddedToken) => !(areSpecialOnesText && token.special);
    this.#raw = finder(
      tokens.filter(token => !token.normalized),
      ({ content }) => content,
      found,
    );
    this.#normalized = finder(
      tokens.filter(token => token.normalized),
      ({ content }) => normalize(content),
      found,
    );
  }

  /** Cuts a text at its added tokens, as the Rust library's `extract_and_normalize` does. */
  extract(text: string): Section[] {
    const sections: Section[] = [];
    for (const part of partsOf(text, true, this.#raw)) {
      if (typeof part === 'number') sections.push(part);
      else sections.push(...partsOf(this.#normalize(part.text), part.isStart, this.#normalized));
    }
    return sections;
  }
}

/** Finds the tokens of one kind. */
interface Finder {
  readonly regex: RegExp;
  readonly tokens: ReadonlyMap<string, AddedToken>;
  readonly isFound: (token: AddedToken) => boolean;
}

function finder(
  tokens: readonly AddedToken[],
  form: (token: AddedToken) => string,
  isFound: (token: AddedToken) => boolean,
): Finder | undefined {
  const byForm = new Map(tokens.map(token => [form(token), token]));
  if (byForm.size < tokens.length || byForm.has('')) {
    throw unsupported('added_tokens', 'two that are the same, or none at all, once normalised');
  }
  if (tokens.length === 0) return undefined;
  // The longest of those that match at a place: in descending order, a token comes before its own beginnings.
  const alternatives = [...byForm.keys()].sort().reverse().map(escapeRegex);
  return { regex: new RegExp(alternatives.join('|'), 'g'), tokens: byForm, isFound };
}

/** What the Rust library's `find_matches` finds, where two tokens take the same white space too. */
function* partsOf(text: string, isStart: boolean, finder: Finder | undefined): Generator<Section> {
  let end = 0;
  for (const match of finder ? text.matchAll(finder.regex) : []) {
    const token = finder!.tokens.get(match[0])!;
    const matchEnd = match.index + match[0].length;
    if (!finder!.isFound(token)) continue;
    if (token.single_word && touchesWord(text, match.index, matchEnd)) continue;
    const start = token.lstrip ? startOfSpace(text, match.index) : match.index;
    if (end < start) yield { text: text.slice(end, start), isStart: isStart && end === 0 };
    yield token.id;
    end = token.rstrip ? endOfSpace(text, matchEnd) : matchEnd;
  }
  if (end < text.length) yield { text: text.slice(end), isStart: isStart && end === 0 };
}

/** What \w is to the regex crate: letters, marks, digits, connectors and the zero-width joiners. */
const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

function touchesWord(text: string, start: number, end: number): boolean {
  // two UTF-16 units hold the nearest character whole
  const before = asUnicode16(text.slice(Math.max(0, start - 2), start));
  const after = asUnicode16(text.slice(end, end + 2));
  return WORD_BEFORE.test(before) || WORD_AFTER.test(after);
}

function startOfSpace(text: string, end: number): number {
  let start = end;
  while (start > 0 && isSpace(text[start - 1]!)) start--;
  return start;
}

function endOfSpace(text: string, start: number): number {
  let end = start;
  while (end < text.length && isSpace(text[end]!)) end++;
  return end;
}

/** Unicode's White_Space; JavaScript's \s has U+FEFF too and lacks U+0085. */
function isSpace(character: string): boolean {
  return /\p{White_Space}/u.test(character);
}
