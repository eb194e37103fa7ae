// A mended tokenizer.json encodes as the Rust library does: test/fixtures/tokenizers/make_odd.py made the expected ids.

import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.js';
import { mendTokenizer, type TokenizerJson } from '../../src/text/tokenizerFixes.js';

interface Odd {
  readonly texts: readonly string[];
  readonly words: readonly (readonly string[])[];
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly changes: TokenizerJson;
    readonly texts: readonly number[][];
    readonly words: readonly number[][];
  }[];
}

const ROOT = new URL('../../', import.meta.url);
const BYTE_LEVEL = 'test/fixtures/checkpoints/ls_llama_seq/base/tokenizer.json';
const LLAMA_2 = 'test/fixtures/checkpoints/llama2_tokenizer_seq/base/tokenizer.json';
const odd = read('test/fixtures/tokenizers/odd.json') as Odd;

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, ROOT), 'utf8'));
}

function tokenizerJson(file: string, changes: TokenizerJson = {}): TokenizerJson {
  return { ...(read(file) as TokenizerJson), ...changes };
}

describe.each(odd.cases)('the ids of $name', ({ file, changes, texts, words }) => {
  const tokenizer = new Tokenizer(mendTokenizer(tokenizerJson(file, changes)), {});

  it('of a text', () => {
    const ids = odd.texts.map(text => [text, tokenizer.encode(text).ids]);
    expect(ids).toEqual(odd.texts.map((text, i) => [text, texts[i]]));
  });

  it('of words, one by one', () => {
    const bare = (word: string) => tokenizer.encode(word, { add_special_tokens: false }).ids;
    expect(odd.words.map(run => run.flatMap(bare))).toEqual(words);
  });
});

describe('mendTokenizer', () => {
  it('leaves the object it is given alone, and truncation and padding out', () => {
    const json = tokenizerJson(BYTE_LEVEL, { truncation: { max_length: 2 }, padding: { pad_id: 0 } });
    const before = structuredClone(json);
    const mended = mendTokenizer(json);
    expect(json).toEqual(before);
    expect(mended).not.toHaveProperty('truncation');
    expect(mended).not.toHaveProperty('padding');
    expect(mended.model).toBe(json.model);
  });

  it('takes a file without the optional keys', () => {
    const { decoder: _, post_processor: __, added_tokens: ___, ...json } = tokenizerJson(BYTE_LEVEL);
    expect(new Tokenizer(mendTokenizer(json), {}).encode('a').ids).toHaveLength(1);
  });

  const llama2 = tokenizerJson(LLAMA_2).model as TokenizerJson;
  const template = (ids: number[]) => ({
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids, tokens: ['<s>'] } },
  });
  it.each<[string, TokenizerJson]>([
    ['normalizer: .* found StripAccents', { normalizer: { type: 'StripAccents' } }],
    [
      'normalizer: .* found Strip',
      {
        normalizer: {
          type: 'Sequence',
          normalizers: [{ type: 'Strip', strip_left: true, strip_right: true }],
        },
      },
    ],
    ['pre_tokenizer: .* found Whitespace', { pre_tokenizer: { type: 'Whitespace' } }],
    [
      'pre_tokenizer: .* found Split \\(MergedWithNext, inverted\\)',
      {
        pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithNext', invert: true },
      },
    ],
    ['model: expected BPE, found Unigram', { model: { type: 'Unigram', vocab: [] } }],
    ['model: .* end_of_word_suffix', { model: { ...llama2, end_of_word_suffix: '</w>' } }],
    ['model: .* continuing_subword_prefix', { model: { ...llama2, continuing_subword_prefix: '##' } }],
    ['model: .* not every byte', { model: { ...llama2, vocab: { '<unk>': 0, a: 1 } } }],
    [
      'model: .* fuse_unk',
      {
        model: { ...llama2, byte_fallback: false },
        pre_tokenizer: { type: 'Digits', individual_digits: true },
      },
    ],
    ['model: .* neither unk_token', { model: { ...llama2, byte_fallback: false, unk_token: null } }],
    ['added_tokens: .* found <x> with lstrip', { added_tokens: [{ id: 9, content: '<x>', lstrip: true }] }],
    [
      'added_tokens: .* found <x> with single_word',
      { added_tokens: [{ id: 9, content: '<x>', single_word: true }] },
    ],
    ['post_processor: expected its id 1, found <s> as ids 1 2', { post_processor: template([1, 2]) }],
    ['post_processor: .* found Unheard', { post_processor: { type: 'Unheard' } }],
  ])('refuses %s', (message, changes) => {
    const mend = () => mendTokenizer(tokenizerJson(LLAMA_2, changes));
    expect(mend).toThrow(UserError);
    expect(mend).toThrow(new RegExp(message));
  });
});
