// Encodes the texts on which an export is calibrated and verified.

import { UserError } from '../errors.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * The token ids of each text, cut to `maxTokens`. A tokenizer may have more tokens than the model's `vocabSize`. The
 * tokens beyond it are left out, and so are texts that have no other tokens. Throws UserError if no text is left.
 */
export function encodeSampleTexts(
  texts: readonly string[],
  tokenizer: Tokenizer,
  maxTokens: number,
  vocabSize: number,
): Int32Array[] {
  const encoded = texts
    .map(text => tokenizer.encode(text, maxTokens).ids.filter(id => id < vocabSize))
    .filter(ids => ids.length > 0);
  if (encoded.length > 0) return encoded;
  throw new UserError(
    `tokenizer: expected ordinary texts to have tokens among the model's ${vocabSize}, found none: the tokenizer does not fit the model`,
  );
}
