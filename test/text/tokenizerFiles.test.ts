// A folder's tokenizer files give the same ids as in AutoTokenizer of transformers.
// test/fixtures/tokenizers/make_auto.py made the expected digests.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../dist/errors.js';
import { offsetsIn } from '../../dist/text/offsets.js';
import type { AddedToken, Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { readTokenizer, Tokenizer, writeTokenizer } from '../../dist/text/tokenizer.js';
import { digest } from '../support/digest.js';
import { tokenizerFolder } from '../support/tokenizerFolder.js';

type Json = Readonly<Record<string, unknown>>;

interface Auto {
  readonly bases: Readonly<Record<string, TokenizerJson>>;
  readonly texts: readonly string[];
  readonly words: readonly string[];
  readonly maxLength: number;
  readonly cases: readonly {
    readonly base: string;
    readonly changes: Partial<TokenizerJson>;
    readonly config: Json | null;
    readonly files: Json;
    readonly class: string;
    readonly modelMaxLength: number | null;
    /** Digests of the texts, each cut to `maxLength` tokens. */
    readonly texts: readonly string[];
    /** Digest of the words, not cut. */
    readonly words: string;
  }[];
  /** Digests of the first text with each base, by model_type and class. */
  readonly classes: readonly {
    readonly modelType: string;
    readonly class: string | null;
    readonly pieces: string;
    readonly bytes: string;
  }[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/tokenizers/${name}`, import.meta.url), 'utf8'));
const auto = read('auto.json') as Auto;
/** More of the same cases: test/fixtures/tokenizers/make_auto_offsets.py. */
const autoOffsets = read('autoOffsets.json') as {
  readonly unknown: number | null;
  /** Digests of the texts' offsets, and of the code points of the texts that their tokens spell. */
  readonly offsets: readonly string[];
  readonly spelled: readonly string[];
}[];
const cases = auto.cases.map((expected, i) => ({ ...expected, ...autoOffsets[i]! }));
const { vocabularies } = read('kinds.json') as { vocabularies: Readonly<Record<string, Component>> };

let folders: string;
beforeAll(() => {
  folders = mkdtempSync(join(tmpdir(), 'lsllama-tokenizer-'));
});
afterAll(() => rmSync(folders, { recursive: true }));

/** Makes a folder with a changed tokenizer.json of a base, and other files beside it. */
function folderOf(base: string, changes: Partial<TokenizerJson>, files: Json): string {
  return tokenizerFolder(folders, { ...auto.bases[base]!, ...changes }, vocabularies[base]!, files);
}

/** Each text with the digest of its ids, cut to `maxLength` tokens. */
function digestsOf(tokenizer: Tokenizer): [string, string][] {
  return auto.texts.map(text => [text, digest(tokenizer.encode(text, auto.maxLength).ids)]);
}

/** Each text with the digest of its tokens' offsets, in code points. */
function offsetDigestsOf(tokenizer: Tokenizer): [string, string][] {
  return auto.texts.map(text => {
    const tokens = Array.from(tokenizer.locate(text), (token, i) => tokenizer.trimmed(text, token, i === 0));
    const positions = tokens.flatMap(({ start, end }) => [start, end]);
    const offsets = offsetsIn(text, 'codepoint', positions);
    return [text, digest(positions.map(position => offsets.get(position)!))];
  });
}

/** Each text with the digest of the code points of what its tokens spell. */
function spelledDigestsOf(tokenizer: Tokenizer): [string, string][] {
  return auto.texts.map(text => {
    const { tokens } = tokenizer.tokenize(text, { addSpecialTokens: false });
    return [text, digest(Array.from(tokenizer.textOf(tokens), character => character.codePointAt(0)!))];
  });
}

describe.each(cases)('$class from $base $changes, $config and $files', expected => {
  it('gives the same ids, offsets and texts as transformers, also after writing and reading it', () => {
    const { base, changes, config, files } = expected;
    const folder = folderOf(base, changes, { 'tokenizer_config.json': config, ...files });
    const written = join(folder, 'written');
    mkdirSync(written);
    writeTokenizer(readTokenizer(folder), written);
    for (const source of [folder, written]) {
      const tokenizer = Tokenizer.load(source);
      expect(digestsOf(tokenizer)).toEqual(auto.texts.map((text, i) => [text, expected.texts[i]]));
      expect(digest(tokenizer.joinWords(tokenizer.encodeWords(auto.words)))).toBe(expected.words);
      expect(tokenizer.modelMaxLength).toBe(expected.modelMaxLength ?? Number.POSITIVE_INFINITY);
      expect(tokenizer.unknownTokenId).toBe(expected.unknown ?? undefined);
      expect(offsetDigestsOf(tokenizer)).toEqual(auto.texts.map((text, i) => [text, expected.offsets[i]]));
      expect(spelledDigestsOf(tokenizer)).toEqual(auto.texts.map((text, i) => [text, expected.spelled[i]]));
    }
  });
});

describe.each(auto.classes)('$class beside a config.json of $modelType', expected => {
  it.each(['pieces', 'bytes'] as const)('selects the class that transformers selects (%s)', base => {
    const files = {
      'tokenizer_config.json': expected.class === null ? {} : { tokenizer_class: expected.class },
      'config.json': { model_type: expected.modelType },
    };
    const load = () => Tokenizer.load(folderOf(base, {}, files));
    // A SentencePiece class with byte_fallback refuses the byte-level vocabulary, which has no byte tokens.
    if (base === 'bytes' && /byte_fallback/.test(refusal(load))) return;
    expect(digest(load().encode(auto.texts[0]!, auto.maxLength).ids)).toBe(expected[base]);
  });
});

/** The message of the UserError that loading throws; empty if it throws none. */
function refusal(load: () => Tokenizer): string {
  try {
    load();
    return '';
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

describe('Tokenizer.load refuses', () => {
  const llama = { tokenizer_class: 'LlamaTokenizer' };
  it.each<[string, Json]>([
    [
      'tokenizer_class: expected one of .* found CodeLlamaTokenizer',
      { 'tokenizer_config.json': { tokenizer_class: 'CodeLlamaTokenizer' } },
    ],
    [
      'model_type: expected .* found zebra',
      { 'tokenizer_config.json': llama, 'config.json': { model_type: 'zebra' } },
    ],
    [
      'auto_map',
      { 'tokenizer_config.json': { ...llama, auto_map: { AutoTokenizer: ['own.Tokenizer', null] } } },
    ],
    ['fast_tokenizer_files', { 'tokenizer_config.json': { fast_tokenizer_files: ['tokenizer.4.0.json'] } }],
    [
      'truncation_side: expected left or right, found "up"',
      { 'tokenizer_config.json': { truncation_side: 'up' } },
    ],
    ['model_max_length must be number,null', { 'tokenizer_config.json': { model_max_length: '12' } }],
    [
      'bos_token: expected a string or an AddedToken',
      { 'tokenizer_config.json': { bos_token: { content: '<s>' } } },
    ],
    [
      'extra_special_tokens: expected a string or an AddedToken',
      { 'special_tokens_map.json': { additional_special_tokens: [{ content: '<q>' }] } },
    ],
    ['added_tokens_decoder/1 must', { 'tokenizer_config.json': { added_tokens_decoder: { 1: {} } } }],
    ['tokenizer_config.json: expected an object, found \\[\\]', { 'tokenizer_config.json': [] }],
    [
      'model: expected a token for every byte, found byte_fallback without <0x00>',
      { 'tokenizer.json': { model: { type: 'BPE', byte_fallback: true, vocab: {}, merges: [] } } },
    ],
    [
      'file/decoder must',
      { 'tokenizer.json': { decoder: { type: 'Sequence' }, model: { type: 'BPE', vocab: {}, merges: [] } } },
    ],
  ])('%s', (message, files) => {
    const load = () => Tokenizer.load(folderOf('pieces', {}, files));
    expect(load).toThrow(UserError);
    expect(load).toThrow(new RegExp(message));
  });

  it('a large tokenizer whose pattern transformers would replace', () => {
    const filler = Array.from(
      { length: 1e5 },
      (_, i) => ({ content: `<${i}>`, special: true }) as AddedToken,
    );
    const files = {
      'tokenizer_config.json': { fix_mistral_regex: true },
      'config.json': { model_type: 'mistral', transformers_version: '4.51.0' },
    };
    expect(() => Tokenizer.load(folderOf('pieces', { added_tokens: filler }, files))).toThrow(
      /fix_mistral_regex/,
    );
  });

  it('a folder with another kind of tokenizer file, and says how to convert it', () => {
    const folder = mkdtempSync(join(folders, 'case-'));
    expect(() => Tokenizer.load(folder)).toThrow(/expected tokenizer.json in case-\w+, found none/);
    writeFileSync(join(folder, 'tokenizer.model'), '');
    expect(() => Tokenizer.load(folder)).toThrow(/found tokenizer.model. Make one in Python/);
  });
});
