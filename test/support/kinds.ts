// The tokenizers of many families, and long random texts for them: test/fixtures/tokenizers/kinds.json.

import { readFileSync } from 'node:fs';
import type { Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { Tokenizer, type TokenizerDefinition } from '../../dist/text/tokenizer.js';

/** How to make one text: `spell` reads it. */
export interface Recipe {
  readonly seed: number;
  readonly alphabet: string;
  readonly length: number;
}

export interface Kind {
  readonly name: string;
  readonly vocabulary: string;
  readonly file: TokenizerJson;
  /** Digests of the texts' ids. */
  readonly texts: readonly string[];
  /** Digests of the texts cut at spaces and given as words, with `is_pretokenized`. */
  readonly words: readonly string[];
  /** Digests of the texts with `encode_special_tokens`. */
  readonly plain: readonly string[];
}

interface Kinds {
  readonly alphabets: Readonly<Record<string, readonly string[] | null>>;
  readonly recipes: readonly Recipe[];
  readonly vocabularies: Readonly<Record<string, Component>>;
  readonly kinds: readonly Kind[];
}

const file = new URL('../fixtures/tokenizers/kinds.json', import.meta.url);
const { alphabets, recipes, vocabularies, kinds: all } = JSON.parse(readFileSync(file, 'utf8')) as Kinds;

/** The kinds of tokenizer, the recipes, and the text that each of them makes. */
export const kinds = { all, recipes, texts: recipes.map(spell) };

export function kindNamed(name: string): Kind {
  return all.find(kind => kind.name === name)!;
}

export function tokenizerOfKind(
  kind: Kind,
  changes: Partial<TokenizerJson> = {},
  settings: Partial<TokenizerDefinition> = {},
): Tokenizer {
  const model = { ...kind.file.model, ...vocabularies[kind.vocabulary] };
  return new Tokenizer({
    json: { ...kind.file, ...changes, model },
    modelMaxLength: 1e9,
    truncationSide: 'right',
    splitSpecialTokens: false,
    ...settings,
  });
}

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
