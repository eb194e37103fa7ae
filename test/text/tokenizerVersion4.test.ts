// A tokenizer that is taken as written gives the ids of AutoTokenizer in transformers 4.
// test/fixtures/tokenizers/make_version4.py made the expected digests.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { readTokenizer, Tokenizer } from '../../dist/text/tokenizer.js';
import { digest } from '../support/digest.js';
import { tokenizerFolder } from '../support/tokenizerFolder.js';

type Json = Readonly<Record<string, unknown>>;

interface Folder {
  readonly base: string;
  readonly changes: Partial<TokenizerJson>;
  readonly config: Json | null;
  readonly files: Json;
}

interface Digests {
  /** Of the texts, each cut to `maxLength` tokens. */
  readonly texts: readonly string[];
  /** Of the words, not cut; null where transformers 4 refuses words. */
  readonly words: string | null;
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/tokenizers/${name}`, import.meta.url), 'utf8'));
const auto = read('auto.json') as {
  readonly bases: Readonly<Record<string, TokenizerJson>>;
  readonly texts: readonly string[];
  readonly words: readonly string[];
  readonly maxLength: number;
  readonly cases: readonly Folder[];
};
const version4 = read('version4.json') as {
  readonly sentencepiece: Component;
  /** Null for a folder that transformers 4 does not load. */
  readonly auto: readonly (Digests | null)[];
  readonly cases: readonly (Folder & Digests & { readonly name: string })[];
};
const bases: Readonly<Record<string, TokenizerJson>> = { ...auto.bases, sentencepiece: auto.bases.pieces! };
const vocabularies = {
  ...read('kinds.json').vocabularies,
  sentencepiece: version4.sentencepiece,
} as Readonly<Record<string, Component>>;

let folders: string;
beforeAll(() => {
  folders = mkdtempSync(join(tmpdir(), 'lsllama-version4-'));
});
afterAll(() => rmSync(folders, { recursive: true }));

function expectIds({ base, changes, config, files }: Folder, expected: Digests): void {
  const json = { ...bases[base]!, ...changes };
  const all = { 'tokenizer_config.json': config, ...files };
  const tokenizer = new Tokenizer(
    readTokenizer(tokenizerFolder(folders, json, vocabularies[base]!, all), true),
  );
  const digests = auto.texts.map(text => [text, digest(tokenizer.encode(text, auto.maxLength).ids)]);
  expect(digests).toEqual(auto.texts.map((text, i) => [text, expected.texts[i]]));
  if (expected.words !== null) {
    expect(digest(tokenizer.joinWords(tokenizer.encodeWords(auto.words)))).toBe(expected.words);
  }
}

describe('a tokenizer as written gives the ids of transformers 4', () => {
  it.each(version4.cases)('$name', folder => expectIds(folder, folder));

  const loaded = auto.cases
    .map((folder, i) => ({ ...folder, expected: version4.auto[i] }))
    .filter(({ expected }) => expected !== null);
  it.each(loaded)('$base $changes, $config and $files', ({ expected, ...folder }) =>
    expectIds(folder, expected!),
  );
});
