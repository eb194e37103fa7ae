// Encodes the texts on which an export is calibrated and verified.

import type { Tokenizer } from './tokenizer.js';

/**
 * The token ids of each text, cut to `maxTokens`. A tokenizer may have more tokens than the model's `vocabSize`. The
 * tokens beyond it are left out, and so are texts that have no other tokens.
 */
export function encodeSampleTexts(
  texts: readonly string[],
  tokenizer: Tokenizer,
  maxTokens: number,
  vocabSize: number,
): Int32Array[] {
  return texts
    .map(text => tokenizer.encode(text, maxTokens).ids.filter(id => id < vocabSize))
    .filter(ids => ids.length > 0);
}
