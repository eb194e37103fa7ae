// Odd texts get the same ids as in the tokenizers library. test/fixtures/tokenizers/make_odd.py made the expected ids.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../dist/errors.js';
import type { AddedToken, Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';

interface Odd {
  readonly texts: readonly string[];
  readonly words: readonly (readonly string[])[];
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly changes: Partial<TokenizerJson>;
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

function tokenizerOf(
  file: string,
  changes: Partial<TokenizerJson> = {},
  truncationSide: 'left' | 'right' = 'right',
) {
  const json = { ...(read(file) as TokenizerJson), ...changes };
  return new Tokenizer({ json, modelMaxLength: 100, truncationSide, splitSpecialTokens: false });
}

describe.each(odd.cases)('the ids of $name', ({ file, changes, texts, words }) => {
  const tokenizer = tokenizerOf(file, changes);

  it('are right for texts', () => {
    const ids = odd.texts.map(text => [text, [...tokenizer.encode(text, 1e9).ids]]);
    expect(ids).toEqual(odd.texts.map((text, i) => [text, texts[i]]));
  });

  it('are right for words, encoded one by one', () => {
    expect(odd.words.map(run => tokenizer.encodeWords(run).flat())).toEqual(words);
  });
});

describe('Tokenizer', () => {
  it('cuts a text on its truncation side and keeps the special tokens', () => {
    const whole = [...tokenizerOf(LLAMA_2).encode('the market of the economy', 100).ids];
    const [first, ...rest] = whole;
    const right = tokenizerOf(LLAMA_2).encode('the market of the economy', 4);
    expect([...right.ids]).toEqual(whole.slice(0, 4));
    expect(right).toMatchObject({ truncated: true, length: whole.length });
    const left = tokenizerOf(LLAMA_2, {}, 'left').encode('the market of the economy', 4);
    expect([...left.ids]).toEqual([first, ...rest.slice(-3)]);
    const exact = tokenizerOf(LLAMA_2, {}, 'left').encode('the market of the economy', whole.length);
    expect([...exact.ids]).toEqual(whole);
    expect(exact.truncated).toBe(false);
  });

  it('reads a lone surrogate as U+FFFD', () => {
    const tokenizer = tokenizerOf(BYTE_LEVEL);
    expect(tokenizer.encode('a\ud800', 9).ids).toEqual(tokenizer.encode('a\ufffd', 9).ids);
  });

  it('gives the same ids after its cache has overflowed', () => {
    const tokenizer = tokenizerOf(BYTE_LEVEL);
    const before = tokenizer.encodeWords(['economy']);
    for (let i = 0; i < 60_000; i++) tokenizer.encodeWords([`word${i}`]);
    expect(tokenizer.encodeWords(['economy'])).toEqual(before);
  });

  it('accepts a file without the optional keys', () => {
    const { decoder: _, post_processor: __, added_tokens: ___, ...json } = read(BYTE_LEVEL) as TokenizerJson;
    const tokenizer = new Tokenizer({
      json,
      modelMaxLength: 1,
      truncationSide: 'right',
      splitSpecialTokens: false,
    });
    expect(tokenizer.encode('a', 9).ids).toHaveLength(1);
    expect(tokenizer.specialTokens).toBe(0);
  });

  it('puts the special tokens of every post-processor around a text', () => {
    const post_processor = {
      type: 'Sequence',
      processors: [
        { type: 'ByteLevel' },
        { type: 'RobertaProcessing', cls: ['<s>', 1], sep: ['</s>', 2] },
        template([{ SpecialToken: { id: 'x' } }, { Sequence: { id: 'A' } }, { SpecialToken: { id: 'x' } }]),
      ],
    };
    const tokenizer = tokenizerOf(LLAMA_2, { post_processor });
    expect([...tokenizer.encode('', 9).ids]).toEqual([7, 8, 1, 2, 7, 8]);
    expect(tokenizer.prefixLength).toBe(3);
  });

  const llama2 = (read(LLAMA_2) as TokenizerJson).model;
  const splitBy = (pattern: object, behavior = 'Isolated') => ({
    pre_tokenizer: { type: 'Split', pattern, behavior, invert: false },
  });
  const token = (content: string): AddedToken => ({
    id: 9,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: true,
    special: false,
  });
  it.each<[string, Partial<TokenizerJson>]>([
    ['normalizer: .* found StripAccents', { normalizer: { type: 'StripAccents' } }],
    [
      'normalizer: .* found Strip',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'Strip', strip_left: true }] } },
    ],
    ['pre_tokenizer: .* found Whitespace', { pre_tokenizer: { type: 'Whitespace' } }],
    ['pre_tokenizer: .* found Split with behavior Kept', splitBy({ String: ' ' }, 'Kept')],
    ['pre_tokenizer: .* found a Regex with \\(\\?>', splitBy({ Regex: '(?>a|b)c' })],
    ['pre_tokenizer: .* found a Regex with \\)\\*\\+', splitBy({ Regex: '(?:ab)*+c' })],
    ['pre_tokenizer: .* found a Regex with \\(\\?i:st', splitBy({ Regex: '(?i:st|x)' })],
    ['pre_tokenizer: .* found the Regex \\\\d\\*, which matches an empty string', splitBy({ Regex: '\\d*' })],
    ['pre_tokenizer: expected a Regex or a String, found {}', splitBy({})],
    [
      'pre_tokenizer: .* found ByteLevel before another step',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }, { type: 'Digits' }] } },
    ],
    [
      'pre_tokenizer: .* found Metaspace with prepend_scheme first after another step',
      {
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Digits' },
            { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' },
          ],
        },
      },
    ],
    ['model: expected BPE, found Unigram', { model: { type: 'Unigram', vocab: [] } }],
    ['model: expected BPE, found none', { model: {} }],
    ['model: expected BPE, found {"a":1}', { model: { type: { a: 1 } as unknown as string } }],
    ['model: .* end_of_word_suffix </w>', { model: { ...llama2, end_of_word_suffix: '</w>' } }],
    ['model: .* continuing_subword_prefix ##', { model: { ...llama2, continuing_subword_prefix: '##' } }],
    ['model: .* dropout 0.1', { model: { ...llama2, dropout: 0.1 } }],
    [
      'model: expected a token for every byte, .* without <0x00>',
      { model: { ...llama2, vocab: { a: 1 }, merges: [] } },
    ],
    ['model: .* unk_token <x>', { model: { ...llama2, byte_fallback: false, unk_token: '<x>' } }],
    [
      'model: .* the merge of a and b without ab',
      { model: { ...llama2, vocab: { a: 0, b: 1 }, merges: ['a b'] } },
    ],
    [
      'added_tokens: expected tokens that are distinct, .*, found "a"',
      { normalizer: { type: 'Lowercase' }, added_tokens: [token('A'), token('a')] },
    ],
    [
      'post_processor: .* the text once, found a template that has it 2 times',
      { post_processor: template([{ Sequence: { id: 'A' } }, { Sequence: { id: 'A' } }]) },
    ],
    [
      'post_processor: .* the text once, found a template that has it 0 times',
      { post_processor: template([]) },
    ],
    ['post_processor: .* found Unheard', { post_processor: { type: 'Unheard' } }],
  ])('refuses with "%s"', (message, changes) => {
    const compile = () => tokenizerOf(LLAMA_2, changes);
    expect(compile).toThrow(UserError);
    expect(compile).toThrow(new RegExp(message));
  });
});

function template(single: object[]): Component {
  return { type: 'TemplateProcessing', single, special_tokens: { x: { ids: [7, 8] } } };
}
