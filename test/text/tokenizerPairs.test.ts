// Pairs of texts have the ids of the tokenizers library, whatever cuts them. test/fixtures/pairs/make_golden.py made them.

import { describe, expect, it } from 'vitest';
import type { Component } from '../../dist/text/tokenizer/json.js';
import { ROOT, readJson } from '../support/fixtures.js';
import { kindNamed, tokenizerOfKind } from '../support/kinds.js';

interface Case {
  readonly pair: number;
  readonly side: 'left' | 'right';
  readonly length: number;
  readonly ids: readonly number[];
}

const { pairs, ids: tokenizers } = readJson(`${ROOT}/test/fixtures/pairs/golden.json`) as {
  pairs: [string, string][];
  ids: { kind: string; name: string; post_processor: Component; cases: Case[] }[];
};
const llama2 = kindNamed('LLaMA 2');
const template = tokenizers.find(({ name }) => name.includes('bos'))!.post_processor;

describe('pairs of texts', () => {
  it.each(tokenizers)('have the ids of $kind with $name', ({ kind, post_processor, cases }) => {
    const tokenizer = tokenizerOfKind(kindNamed(kind), { post_processor });
    expect(tokenizer.readsPairs).toBe(true);
    for (const { pair, side, length, ids } of cases) {
      const encoding = tokenizer.encodePair(pairs[pair]!, length, side);
      const whole = cases.find(other => other.pair === pair && other.length === 1000)!.ids;
      expect([...encoding.ids], `pair ${pair}, ${length} tokens, ${side}`).toEqual(ids);
      expect(encoding).toMatchObject({ truncated: ids.length < whole.length, length: whole.length });
    }
  });

  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const separator = { SpecialToken: { id: '</s>', type_id: 0 } };
  it.each([
    ['no post-processor', null],
    ['ByteLevel alone', { type: 'ByteLevel' }],
    ['a template that puts nothing between the texts', { ...template, pair: [text('A'), text('B')] }],
    ['a template without one for pairs', { ...template, pair: undefined }],
    ['a template with the second text first', { ...template, pair: [text('B'), separator, text('A')] }],
    ['a template without the second text', { ...template, pair: [text('A'), separator] }],
    ['two templates', { type: 'Sequence', processors: [template, template] }],
  ])('are refused with %s', (_, post_processor) => {
    const tokenizer = tokenizerOfKind(llama2, { post_processor });
    expect(tokenizer.readsPairs).toBe(false);
    expect(() => tokenizer.encodePair(['a', 'b'], 100)).toThrow(/no template for pairs/);
  });

  it('are refused where the special tokens leave no room for a text', () => {
    const tokenizer = tokenizerOfKind(llama2, { post_processor: template });
    expect(() => tokenizer.encodePair(['a', 'b'], 3)).toThrow(/2 special tokens of a pair leave no room/);
    expect(tokenizer.encodePair(['a', 'b'], 4).ids).toHaveLength(4);
  });
});
