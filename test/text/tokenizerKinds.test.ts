// The tokenizers of many families give the same ids as in the tokenizers library, on long random texts.
// test/fixtures/tokenizers/make_kinds.py made the expected digests.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { digest } from '../support/digest.js';

/** How to make one text: `spell` reads it. */
interface Recipe {
  readonly seed: number;
  readonly alphabet: string;
  readonly length: number;
}

interface Kinds {
  readonly alphabets: Readonly<Record<string, readonly string[] | null>>;
  readonly recipes: readonly Recipe[];
  readonly vocabularies: Readonly<Record<string, Component>>;
  readonly kinds: readonly {
    readonly name: string;
    readonly vocabulary: string;
    readonly file: TokenizerJson;
    /** Digests of the texts. */
    readonly texts: readonly string[];
    /** Digests of the texts cut at spaces and given as words, with `is_pretokenized`. */
    readonly words: readonly string[];
    /** Digests of the texts with `encode_special_tokens`. */
    readonly plain: readonly string[];
  }[];
}

const file = new URL('../fixtures/tokenizers/kinds.json', import.meta.url);
const { alphabets, recipes, vocabularies, kinds } = JSON.parse(readFileSync(file, 'utf8')) as Kinds;
const texts = recipes.map(spell);

/** The text of a recipe, made like `spell` in make_kinds.py makes it. */
function spell({ seed, alphabet, length }: Recipe): string {
  let state = seed;
  const below = (limit: number) => {
    state = (state * 16807) % 2147483647;
    return state % limit;
  };
  const letters = alphabets[alphabet];
  return Array.from({ length }, () => {
    if (letters) return letters[below(letters.length)]!;
    const code = below(0x110000 - 0x800);
    return String.fromCodePoint(code < 0xd800 ? code : code + 0x800);
  }).join('');
}

/** The recipes of texts whose ids differ from the expected ones. */
function mismatches(expected: readonly string[], encode: (text: string) => Iterable<number>): unknown[] {
  return recipes.flatMap((recipe, i) => {
    const found = digest(encode(texts[i]!));
    return found === expected[i] ? [] : [{ ...recipe, expected: expected[i], found }];
  });
}

describe.each(kinds)('the ids of $name', kind => {
  const json = { ...kind.file, model: { ...kind.file.model, ...vocabularies[kind.vocabulary] } };
  const tokenizerWith = (splitSpecialTokens: boolean) =>
    new Tokenizer({ json, modelMaxLength: 1e9, truncationSide: 'right', splitSpecialTokens });
  const tokenizer = tokenizerWith(false);

  it('are right for texts', () => {
    expect(mismatches(kind.texts, text => tokenizer.encode(text, 1e9).ids)).toEqual([]);
  });

  it('are right for words, encoded one by one', () => {
    const encode = (text: string) => tokenizer.joinWords(tokenizer.encodeWords(text.split(' ')));
    expect(mismatches(kind.words, encode)).toEqual([]);
  });

  it('are right for texts in which special tokens are plain text', () => {
    const plain = tokenizerWith(true);
    expect(mismatches(kind.plain, text => plain.encode(text, 1e9).ids)).toEqual([]);
  });
});
