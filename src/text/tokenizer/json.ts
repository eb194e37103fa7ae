// Types of a tokenizer.json, as far as it decides ids, and the error for the parts that are not supported.

import { UserError } from '../../errors.js';

export interface TokenizerJson {
  readonly added_tokens?: readonly AddedToken[] | null;
  readonly normalizer?: Component | null;
  readonly pre_tokenizer?: Component | null;
  readonly model: Component;
  readonly post_processor?: Component | null;
  readonly [key: string]: unknown;
}

/** A normalizer, pre-tokenizer, model or post-processor: its `type` and that type's own settings. */
export interface Component {
  readonly type?: string;
  readonly [key: string]: unknown;
}

/** A token that is found in the text before the model sees it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** The token is found only where no letter or digit touches it. */
  readonly single_word: boolean;
  /** The token includes the white space to its left. */
  readonly lstrip: boolean;
  /** The token includes the white space to its right. */
  readonly rstrip: boolean;
  /** The token is searched for in the normalized text, its own content normalized too. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The error for a part of a tokenizer.json that is unknown here or would not give the ids of the tokenizers library. */
export function unsupported(
  component: string,
  found: unknown,
  expected = 'one that is supported',
): UserError {
  return new UserError(`tokenizer.json: ${component}: expected ${expected}, found ${display(found)}`);
}

/** A value of a tokenizer.json as it stands in a message: a string without quotes, anything else as JSON. */
export function display(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}
