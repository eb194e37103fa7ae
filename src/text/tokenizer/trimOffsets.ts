// Leaves the white space of tokens out of their positions, where the post-processor asks for it (`trim_offsets`).
// Follows process_offsets in tokenizers/src/pre_tokenizers/byte_level.rs of the tokenizers library.

import type { Component } from './json.js';
import type { LocatedToken } from './locate.js';
import { endOfCharacter, lastCharacter } from './unicode.js';

/**
 * Gives a token without its white space. `isFirst` says whether it is the first one of its sequence, special tokens not
 * counted.
 */
export type Trim = (text: string, token: LocatedToken, isFirst: boolean) => LocatedToken;

/** Compiles the trimming of a post-processor; undefined where there is none. */
export function compileTrim(postProcessor: Component | null | undefined): Trim | undefined {
  const trimming = partsOf(postProcessor).find(({ trim_offsets }) => trim_offsets === true);
  if (!trimming) return undefined;
  const hasPrefix = trimming.add_prefix_space === true;
  return (text, token, isFirst) => trim(text, token, hasPrefix && (isFirst || token.start === 0));
}

function partsOf(postProcessor: Component | null | undefined): Component[] {
  if (!postProcessor) return [];
  if (postProcessor.type !== 'Sequence') return [postProcessor];
  return (postProcessor.processors as Component[]).flatMap(partsOf);
}

/** @param mayHavePrefix whether a single space may be one that the pre-tokenizer inserted, which is in no position */
function trim(text: string, token: LocatedToken, mayHavePrefix: boolean): LocatedToken {
  let { start, end } = token;
  const { leading, trailing } = spacesAround(token.text);
  if (leading > 1 || !mayHavePrefix) {
    for (let i = 0; i < leading && start < end; i++) start = endOfCharacter(text, start);
  }
  const trimmedEnd = charactersBefore(text, end, trailing);
  if (trimmedEnd !== undefined) end = Math.max(trimmedEnd, start);
  return { ...token, start, end };
}

/** White space; Ġ is the space of the byte-level alphabet. */
const SPACE = /[\p{White_Space}Ġ]/u;

/** How many spaces a token begins and ends with. */
function spacesAround(token: string): { readonly leading: number; readonly trailing: number } {
  let leading = 0;
  let trailing = 0;
  while (leading < token.length && SPACE.test(token[leading]!)) leading++;
  while (trailing < token.length && SPACE.test(token.at(-1 - trailing)!)) trailing++;
  return { leading, trailing };
}

/** The position of so many characters before `end`; undefined if there are fewer. */
function charactersBefore(text: string, end: number, count: number): number | undefined {
  let position = end;
  for (let i = 0; i < count; i++) {
    if (position === 0) return undefined;
    position = lastCharacter(text, position);
  }
  return position;
}
