// Ids are those of the Rust library for the tokenizers of many families: test/fixtures/tokenizers/make_kinds.py made them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';

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
    /** The ids' number and a hash, by text. */
    readonly texts: readonly string[];
    /** Of the texts cut at spaces, as `is_pretokenized`. */
    readonly words: readonly string[];
    /** Of the texts with `encode_special_tokens`. */
    readonly plain: readonly string[];
  }[];
}

const file = new URL('../fixtures/tokenizers/kinds.json', import.meta.url);
const { alphabets, recipes, vocabularies, kinds } = JSON.parse(readFileSync(file, 'utf8')) as Kinds;
const texts = recipes.map(spell);

/** What make_kinds.py's function of that name spells. */
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

function digest(ids: Iterable<number>): string {
  const list = [...ids];
  return `${list.length} ${createHash('sha256').update(list.join()).digest('hex').slice(0, 8)}`;
}

/** The texts whose ids differ. */
function wrong(expected: readonly string[], encode: (text: string) => Iterable<number>): unknown[] {
  return recipes.flatMap((recipe, i) => {
    const found = digest(encode(texts[i]!));
    return found === expected[i] ? [] : [{ ...recipe, expected: expected[i], found }];
  });
}

describe.each(kinds)('the ids of $name', kind => {
  const json = { ...kind.file, model: { ...kind.file.model, ...vocabularies[kind.vocabulary] } };
  const define = (splitSpecialTokens: boolean) =>
    new Tokenizer({ json, modelMaxLength: 1e9, truncationSide: 'right', splitSpecialTokens });
  const tokenizer = define(false);

  it('of texts', () => {
    expect(wrong(kind.texts, text => tokenizer.encode(text, 1e9).ids)).toEqual([]);
  });

  it('of words, one by one', () => {
    const encode = (text: string) => tokenizer.joinWords(tokenizer.encodeWords(text.split(' ')));
    expect(wrong(kind.words, encode)).toEqual([]);
  });

  it('of texts in which special tokens are plain text', () => {
    const plain = define(true);
    expect(wrong(kind.plain, text => plain.encode(text, 1e9).ids)).toEqual([]);
  });
});
