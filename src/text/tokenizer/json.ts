// What a tokenizer.json holds, as far as it decides ids.

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
  /** Only where no letter or digit touches it. */
  readonly single_word: boolean;
  /** It takes the white space to its left, or right, with it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** It is looked for in the normalised text, its own content normalised too. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The error for a part of a tokenizer.json that would not give the ids of the Rust tokenizers library here. */
export function unsupported(
  component: string,
  found: unknown,
  expected = 'one that gives the same ids here',
): UserError {
  return new UserError(`tokenizer.json: ${component}: expected ${expected}, found ${shown(found)}`);
}

/** A value of a tokenizer.json as a message says it: a string as it is. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}
