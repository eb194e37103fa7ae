// The tokenizers of many families give the same ids as in the tokenizers library, on long random texts.
// test/fixtures/tokenizers/make_kinds.py made the expected digests.

import { describe, expect, it } from 'vitest';
import { digest } from '../support/digest.js';
import { kinds, tokenizerOfKind } from '../support/kinds.js';

/** The recipes of texts whose ids differ from the expected ones. */
function mismatches(expected: readonly string[], encode: (text: string) => Iterable<number>): unknown[] {
  return kinds.recipes.flatMap((recipe, i) => {
    const found = digest(encode(kinds.texts[i]!));
    return found === expected[i] ? [] : [{ ...recipe, expected: expected[i], found }];
  });
}

describe.each(kinds.all)('the ids of $name', kind => {
  const tokenizer = tokenizerOfKind(kind);

  it('are right for texts', () => {
    expect(mismatches(kind.texts, text => tokenizer.encode(text, 1e9).ids)).toEqual([]);
  });

  it('are right for words, encoded one by one', () => {
    const encode = (text: string) => tokenizer.joinWords(tokenizer.encodeWords(text.split(' ')));
    expect(mismatches(kind.words, encode)).toEqual([]);
  });

  it('are right for texts in which special tokens are plain text', () => {
    const plain = tokenizerOfKind(kind, {}, { splitSpecialTokens: true });
    expect(mismatches(kind.plain, text => plain.encode(text, 1e9).ids)).toEqual([]);
  });
});
