// Tokens have the offsets that the tokenizers library gives them, on long random texts, and its decoders give the same
// texts. test/fixtures/tokenizers/make_offsets.py made what is expected.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offsetsIn } from '../../dist/text/offsets.js';
import { compileDecoder } from '../../dist/text/tokenizer/decoder.js';
import type { Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import type { LocatedToken, Tokenizer } from '../../dist/text/tokenizer.js';
import { digest } from '../support/digest.js';
import { kindNamed, kinds, tokenizerOfKind } from '../support/kinds.js';

type Variant = 'raw' | 'trimmed' | 'prefixed';

interface Offsets {
  readonly post_processors: Readonly<Record<Variant, Component | null>>;
  readonly kinds: readonly {
    readonly name: string;
    readonly digests: Readonly<Partial<Record<Variant, string[]>>>;
  }[];
  readonly tokens: readonly string[][];
  readonly decoders: readonly {
    readonly decoder: Component;
    /** What the decoder makes of each list of tokens, and of that text twice. */
    readonly texts: readonly string[];
    readonly again: readonly string[];
  }[];
}

const file = new URL('../fixtures/tokenizers/offsets.json', import.meta.url);
const offsets = JSON.parse(readFileSync(file, 'utf8')) as Offsets;

/** The offsets of all tokens of a text, [start, end, start, end, …] in code points. */
function offsetsOf(tokenizer: Tokenizer, text: string): number[] {
  const tokens = Array.from(tokenizer.locate(text), (token, i) => tokenizer.trimmed(text, token, i === 0));
  const positions = tokens.flatMap(({ start, end }: LocatedToken) => [start, end]);
  const converted = offsetsIn(text, 'codepoint', positions);
  return positions.map(position => converted.get(position)!);
}

describe.each(offsets.kinds)('the offsets of $name', ({ name, digests }) => {
  it.each(Object.entries(digests))('are right, %s', (variant, expected) => {
    const post_processor = offsets.post_processors[variant as Variant];
    const tokenizer = tokenizerOfKind(kindNamed(name), { post_processor });
    const found = kinds.texts.map(text => digest(offsetsOf(tokenizer, text)));
    const recipes = kinds.recipes.map(recipe => JSON.stringify(recipe));
    expect(found.map((value, i) => [recipes[i], value])).toEqual(
      expected.map((value, i) => [recipes[i], value]),
    );
  });

  it('belong to the ids that encode gives', () => {
    const tokenizer = tokenizerOfKind(kindNamed(name));
    for (const text of kinds.texts) {
      const ids = Array.from(tokenizer.locate(text), ({ id }) => id);
      expect(tokenizer.surround(ids)).toEqual(tokenizer.encode(text, 1e9).ids);
    }
  });
});

describe.each(offsets.decoders)('the decoder $decoder', ({ decoder, texts, again }) => {
  it('gives the texts of the tokenizers library', () => {
    const decode = compileDecoder(decoder);
    expect(offsets.tokens.map(decode)).toEqual(texts);
    expect(texts.map(text => decode([text, text]))).toEqual(again);
  });
});

describe('Tokenizer', () => {
  const tokenizer = tokenizerOfKind(kindNamed('LLaMA 2'));

  it('finds the tokens of a lone surrogate as those of U+FFFD', () => {
    const [lone, replaced] = ['a\ud800b 😀', 'a\ufffdb 😀'].map(text => [...tokenizer.locate(text)]);
    expect(lone).toEqual(replaced);
  });

  it('lists tokens with and without special tokens', () => {
    const { ids, tokens } = tokenizer.tokenize('the é');
    expect(tokens.at(0)).toBe('<s>');
    expect(tokens.at(-1)).toBe('</s>');
    expect(ids).toEqual(tokenizer.encode('the é', 1e9).ids);
    const plain = tokenizer.tokenize('the é', { addSpecialTokens: false });
    expect(plain.tokens).toEqual(tokens.slice(1, -1));
    expect(tokenizer.textOf(plain.tokens)).toBe(plain.tokens.join(' '));
  });

  it('refuses an unknown decoder when it is needed', () => {
    const other = tokenizerOfKind(kindNamed('LLaMA 2'), {
      decoder: { type: 'CTC' },
    } as Partial<TokenizerJson>);
    expect(() => other.textOf(['a'])).toThrow('decoder: expected one that is supported, found CTC');
  });
});
