// Parses the added tokens that the files of a tokenizer write, before they have ids.

import { UserError } from '../../errors.js';
import type { AddedToken, Component } from './json.js';

/** An added token that has no id yet. */
export type NewToken = Omit<AddedToken, 'id'>;

/**
 * A token as a file writes it, with the defaults of transformers' AddedToken for the flags that are missing.
 * Throws UserError if its content is missing.
 */
export function parseToken(written: object): NewToken {
  const { content, single_word, lstrip, rstrip, normalized, special } = written as Component;
  if (typeof content !== 'string') {
    throw new UserError(`added token: expected an object with its content, found ${JSON.stringify(written)}`);
  }
  return {
    content,
    single_word: Boolean(single_word),
    lstrip: Boolean(lstrip),
    rstrip: Boolean(rstrip),
    normalized: Boolean(normalized ?? !special),
    special: Boolean(special),
  };
}

export function specialToken(content: string): NewToken {
  return parseToken({ content, special: true });
}

/** The token that a setting names. Throws UserError naming the setting if its value is not a token. */
export function settingToken(name: string, value: unknown): NewToken {
  if (!isToken(value)) {
    const found = JSON.stringify(value);
    throw new UserError(`tokenizer_config.json: ${name}: expected a string or an AddedToken, found ${found}`);
  }
  return typeof value === 'string' ? specialToken(value) : parseToken(value);
}

/** Whether a setting's value is a token: a string, or an object that transformers saved from an AddedToken. */
export function isToken(value: unknown): value is string | Component {
  return typeof value === 'string' || (value as Component | null)?.__type === 'AddedToken';
}
