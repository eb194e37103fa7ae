// A GGUF file's own tokenizer gives the same ids as the tokenizer that it was made from.
// test/fixtures/gguf/make_tokenizers.py made the expected digests.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { UserError } from '../../dist/errors.js';
import type { TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { ggufTokenizer, readTokenizer, Tokenizer, writeTokenizer } from '../../dist/text/tokenizer.js';
import { digest } from '../support/digest.js';

interface Digests {
  readonly texts: readonly string[];
  readonly words: readonly string[];
}

const ROOT = new URL('../../', import.meta.url).pathname;
const json = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const golden = json('test/fixtures/gguf/tokenizers.json') as {
  readonly extra: readonly string[];
  /** Digests for bytes.gguf by `tokenizer.ggml.pre`. */
  readonly bytes: Readonly<Record<string, Digests>>;
  /** Digests for pieces.gguf by add_space_prefix. */
  readonly pieces: Readonly<Record<string, Digests>>;
};
const odd = json('test/fixtures/tokenizers/odd.json') as { texts: string[]; words: string[][] };
const texts = [...odd.texts, ...golden.extra];

const bytes = metadataOf('test/fixtures/gguf/bytes.gguf');
const pieces = metadataOf('test/fixtures/gguf/pieces.gguf');
const work = mkdtempSync(join(tmpdir(), 'gguf-tokenizer-'));
afterAll(() => rmSync(work, { recursive: true }));

function metadataOf(file: string): ReadonlyMap<string, unknown> {
  const gguf = openGguf(join(ROOT, file));
  gguf.close();
  return gguf.metadata;
}

/** The metadata with some of its tokenizer keys changed. A key whose value is undefined is removed. */
function changed(metadata: ReadonlyMap<string, unknown>, changes: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(changes).map(([key, value]) => [`tokenizer.ggml.${key}`, value] as const);
  return defined(new Map([...metadata, ...entries]));
}

function defined(metadata: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...metadata].filter(([, value]) => value !== undefined));
}

/** Expects the digests of all texts and words from the tokenizer, and again after writing and reading its files. */
function expectDigests(metadata: ReadonlyMap<string, unknown>, expected: Digests): void {
  const definition = ggufTokenizer(metadata);
  writeTokenizer(definition, work);
  for (const tokenizer of [new Tokenizer(definition), Tokenizer.load(work)]) {
    const found = texts.map(text => [text, digest(tokenizer.encode(text, 1e9).ids)]);
    expect(found).toEqual(texts.map((text, i) => [text, expected.texts[i]]));
    const foundWords = odd.words.map(words => digest(tokenizer.joinWords(tokenizer.encodeWords(words))));
    expect(foundWords).toEqual(expected.words);
  }
}

describe('a byte-level tokenizer', () => {
  it.each(Object.entries(golden.bytes))(
    'with pre %s gives the ids of the original tokenizer.json',
    (pre, expected) => {
      expectDigests(changed(bytes, { pre }), expected);
    },
  );

  it('puts bos and eos tokens around texts as the file says', () => {
    const tokensAround = (changes: object) => {
      const { ids } = new Tokenizer(ggufTokenizer(changed(bytes, { ...changes }))).encode('', 9);
      return [...ids];
    };
    expect(tokensAround({ pre: 'llama-bpe' })).toEqual([1]);
    expect(tokensAround({ pre: 'llama-bpe', add_bos_token: false })).toEqual([]);
    expect(tokensAround({ pre: 'qwen2', add_bos_token: true, add_eos_token: true })).toEqual([1, 2]);
  });

  it('gives the ids of the tokenizer.json beside a real model', () => {
    const folder = 'models/smollm2-135m-instruct';
    const own = new Tokenizer(ggufTokenizer(metadataOf(`${folder}/SmolLM2-135M-Instruct.Q4_1.gguf`)));
    const beside = new Tokenizer(readTokenizer(join(ROOT, folder)));
    for (const text of texts) expect(own.encode(text, 1e9).ids, text).toEqual(beside.encode(text, 1e9).ids);
    for (const words of odd.words) expect(own.encodeWords(words)).toEqual(beside.encodeWords(words));
  });
});

describe('a SentencePiece tokenizer', () => {
  it.each(Object.entries(golden.pieces))(
    'with add_space_prefix %s gives the ids of the original tokenizer.json',
    (flag, expected) => {
      expectDigests(changed(pieces, { add_space_prefix: flag === 'true' }), expected);
    },
  );

  it('puts a space and the bos token before a text if the file does not say', () => {
    expectDigests(pieces, golden.pieces.true!);
  });

  it('uses the list of merges if the file has one', () => {
    const original = json(
      'test/fixtures/checkpoints/llama2_tokenizer_seq/base/tokenizer.json',
    ) as TokenizerJson;
    const { vocab, merges } = original.model as unknown as {
      vocab: Record<string, number>;
      merges: [string, string][];
    };
    const tokens = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
    const types = tokens.map((token, id) => (id < 3 ? 3 : /^<0x..>$/.test(token) ? 6 : 1));
    const changes = {
      tokens,
      token_type: Int32Array.from(types),
      scores: undefined,
      merges: merges.map(merge => merge.join(' ')),
    };
    const own = new Tokenizer(ggufTokenizer(changed(pieces, changes)));
    const expected = new Tokenizer({ ...ggufTokenizer(pieces), json: original });
    for (const text of texts) expect(own.encode(text, 1e9).ids, text).toEqual(expected.encode(text, 1e9).ids);
  });

  it('leaves out the tokens with which older converters fill the vocabulary up', () => {
    const types = (pieces.get('tokenizer.ggml.token_type') as Int32Array).map(type =>
      type === 5 ? 4 : type,
    );
    expectDigests(changed(pieces, { token_type: types }), golden.pieces.true!);
  });
});

describe('ggufTokenizer refuses', () => {
  const tokens = pieces.get('tokenizer.ggml.tokens') as string[];
  const typesWith = (id: number, type: number) =>
    (pieces.get('tokenizer.ggml.token_type') as Int32Array).map((original, i) =>
      i === id ? type : original,
    );
  const size = tokens.length;
  it.each<[string, ReadonlyMap<string, unknown>, Readonly<Record<string, unknown>>]>([
    ['model: expected gpt2 or llama, found "t5"', bytes, { model: 't5' }],
    ['model: expected gpt2 or llama, found "bert"', bytes, { model: 'bert' }],
    ['model: expected gpt2 or llama, found nothing', bytes, { model: undefined }],
    ['pre: expected one of gpt-2, .*, found "default"', bytes, { pre: 'default' }],
    ['pre: expected a string, found nothing', bytes, { pre: undefined }],
    ['tokens: expected a list of strings, found nothing', bytes, { tokens: undefined }],
    ['tokens: expected a list of strings, found a list of 2', bytes, { tokens: Int32Array.of(1, 2) }],
    [
      'tokens: expected each token once, found "a"',
      bytes,
      { tokens: ['a', 'a'], token_type: Int8Array.of(1, 1) },
    ],
    [
      'token_type: expected \\d+ numbers, one for each token, found a list of 1',
      bytes,
      { token_type: Int8Array.of(1) },
    ],
    ['token_type: expected types 1 to 6, found 9', pieces, { token_type: typesWith(5, 9) }],
    ['token_type: expected 256 byte tokens, or none, found 255', pieces, { token_type: typesWith(5, 5) }],
    ['tokens: expected byte tokens like <0x0A>, found "', pieces, { token_type: typesWith(300, 6) }],
    [
      'token_type: expected no user-defined token in a SentencePiece vocabulary',
      pieces,
      { token_type: typesWith(300, 4) },
    ],
    ['merges: expected a list of strings, found nothing', bytes, { merges: undefined }],
    ['merges: expected two tokens .* that make a third token, found "ab"', bytes, { merges: ['ab'] }],
    ['merges: expected two tokens .* that make a third token, found "a b c"', bytes, { merges: ['a b c'] }],
    ['merges: expected two tokens .* that make a third token, found "z z"', bytes, { merges: ['z z'] }],
    ['scores: expected \\d+ numbers, one for each token, found nothing', pieces, { scores: undefined }],
    [
      'scores: expected finite numbers, found a number that is not finite',
      pieces,
      { scores: new Float32Array(size).fill(Number.NaN) },
    ],
    [
      'scores: expected different scores for ".*" and ".*", found -1000',
      pieces,
      { scores: new Float32Array(size).fill(-1000) },
    ],
    [
      'tokens: expected pieces of at most 256 characters',
      pieces,
      { tokens: tokens.with(300, 'a'.repeat(300)) },
    ],
    [
      "bos_token_id: expected a token's id, 0 to \\d+, found 4294967295",
      pieces,
      { bos_token_id: 4294967295 },
    ],
    ['bos_token_id: expected the id of a token in use, found nothing', pieces, { bos_token_id: undefined }],
    [
      'eos_token_id: expected the id of a token in use',
      bytes,
      { eos_token_id: undefined, add_eos_token: true },
    ],
    ['unknown_token_id: expected the id of a token in use', pieces, { unknown_token_id: size - 1 }],
    ['add_bos_token: expected true or false, found 1', bytes, { add_bos_token: 1 }],
    ['add_sep_token: expected false, found true', bytes, { add_sep_token: true }],
    ['remove_extra_whitespaces: expected false, found true', pieces, { remove_extra_whitespaces: true }],
    [
      'precompiled_charsmap: expected nothing, found a list of 2',
      pieces,
      { precompiled_charsmap: Uint8Array.of(1, 2) },
    ],
  ])('%s', (message, metadata, changes) => {
    const read = () => ggufTokenizer(changed(metadata, changes));
    expect(read).toThrow(UserError);
    expect(read).toThrow(new RegExp(`^GGUF metadata: tokenizer.ggml.${message}.*--tokenizer$`, 's'));
  });

  it.each(['gemma', 'gemma2', 'gemma3', 'phi3'])(
    'the tokenizer of %s, which the metadata does not describe completely',
    architecture => {
      const read = () => ggufTokenizer(new Map([...pieces, ['general.architecture', architecture]]));
      expect(read).toThrow(new RegExp(`completely, which is not so for ${architecture}, found "llama"`));
    },
  );
});

it.each(['bytes', 'pieces'] as const)(
  'damaged metadata of %s.gguf is read or refused with a UserError',
  name => {
    const metadata = name === 'bytes' ? bytes : pieces;
    const keys = [...metadata.keys(), 'tokenizer.ggml.add_bos_token', 'tokenizer.ggml.merges'];
    const strings = fc.array(
      fc.constantFrom('', ' ', 'a', 'a b', '▁', '<s>', '__proto__', '[PAD3]', '\ud800', 'Ġ'),
    );
    const numbers = fc.array(fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double()));
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        true,
        false,
        0,
        -1,
        1e9,
        0.5,
        'llama',
        'gpt2',
        'qwen2',
        '',
        2n ** 63n,
        undefined,
      ),
      strings,
      numbers.map(list => Float32Array.from(list)),
    );
    let read = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...keys), value), { minLength: 1, maxLength: 4 }),
        changes => {
          const damaged = defined(new Map([...metadata, ...changes]));
          try {
            new Tokenizer(ggufTokenizer(damaged)).encode('the market 1998 <s>', 100);
            read++;
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(20);
  },
);
