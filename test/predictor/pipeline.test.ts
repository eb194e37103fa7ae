// From golden logits to what transformers' pipelines return: test/fixtures/pipeline/make_pipeline.py.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../dist/errors.js';
import { UnusableText } from '../../dist/predictor/encode.js';
import { aggregateOverlapping, groupEntities } from '../../dist/predictor/pipeline/aggregate.js';
import { encodeTokens } from '../../dist/predictor/pipeline/encodeTokens.js';
import { pipelineEntities, pipelineEntitiesInSlices } from '../../dist/predictor/pipeline/entities.js';
import { type FunctionToApply, pipelineLabels } from '../../dist/predictor/pipeline/labels.js';
import { tokenWindows } from '../../dist/predictor/pipeline/tokenWindows.js';
import { atOnce } from '../../dist/slices.js';
import { offsetsIn } from '../../dist/text/offsets.js';
import type { Component } from '../../dist/text/tokenizer/json.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { digest } from '../support/digest.js';
import { ROOT, readJson, readJsonLines } from '../support/fixtures.js';
import { kindNamed, kinds, tokenizerOfKind } from '../support/kinds.js';
import {
  expectEntities,
  floatsOf,
  optionsOf,
  type TaggerGolden,
  taggers,
} from '../support/pipelineGoldens.js';
import { textModel } from '../support/textModel.js';

describe.each(taggers)('$name', ({ folder, labels, goldens }) => {
  const tokenizer = Tokenizer.load(folder);
  const modelOf = ({ max_length }: TaggerGolden) => textModel(tokenizer, { labels, maxLength: max_length });

  it('reads texts as the sequences of the pipeline', () => {
    for (const golden of goldens) {
      const encoded = atOnce(encodeTokens(modelOf(golden), golden.text, optionsOf(golden, 'simple')));
      const ids = encoded.sequences.map(sequence => [...sequence.ids]);
      expect([golden.text, ids]).toEqual([golden.text, golden.input_ids]);
    }
  });

  it.each(['none', 'simple', 'first', 'average', 'max'] as const)(
    'makes the entities of the pipeline from its logits, %s',
    strategy => {
      for (const golden of goldens) {
        const expected = golden.results[strategy];
        if (!expected) continue;
        const model = modelOf(golden);
        const options = optionsOf(golden, strategy);
        const encoded = atOnce(encodeTokens(model, golden.text, options));
        const rows = encoded.sequences.map(({ headPositions }, i) => {
          const logits = floatsOf(golden.logits[i]!);
          return logits.slice(headPositions[0]! * labels.length, (headPositions.at(-1)! + 1) * labels.length);
        });
        const found = pipelineEntities(model, golden.text, encoded, rows, options);
        expectEntities(found, expected, golden.text);
      }
    },
  );
});

interface WindowCase {
  readonly kind: string;
  readonly post_processor: Component | null;
  readonly max_length: number;
  readonly stride: number;
  readonly side: 'left' | 'right';
  readonly texts: readonly string[];
}

const { windows } = readJson(`${ROOT}/test/fixtures/tokenizers/offsets.json`) as { windows: WindowCase[] };

describe.each(windows)(
  'windows of $max_length with stride $stride, $side, $kind, $post_processor',
  expected => {
    it('have the tokens and offsets of the tokenizers library', () => {
      const { kind, post_processor, max_length: maxLength, stride, side: truncationSide } = expected;
      const tokenizer = tokenizerOfKind(kindNamed(kind), { post_processor }, { truncationSide });
      const model = textModel(tokenizer, { labels: ['O'], maxLength });
      const found = kinds.texts.slice(0, expected.texts.length).map(text => {
        const options = { stride, aggregationStrategy: 'simple' } as const;
        const encoded = atOnce(encodeTokens(model, text, options));
        const numbers = encoded.windows.flatMap(({ starts, ends }, i) => {
          const positions = starts.flatMap((start, token) => [start, ends[token]!]);
          const converted = offsetsIn(text, 'codepoint', positions);
          return [...encoded.sequences[i]!.ids, ...positions.map(position => converted.get(position)!)];
        });
        return digest(numbers);
      });
      expect(found).toEqual(expected.texts);
    });
  },
);

describe('encodeTokens', () => {
  const tokenizer = tokenizerOfKind(kindNamed('LLaMA 2'));
  const model = textModel(tokenizer, { labels: ['O', 'B-X'], maxLength: 8 });
  const text = 'the market of the economy and profit '.repeat(9);

  it('cuts a text on the tokenizer’s truncation side and says so', () => {
    const whole = atOnce(encodeTokens(textModel(tokenizer, { labels: ['O'], maxLength: 1000 }), text));
    expect(whole).toMatchObject({ truncated: false, tokens: whole.sequences[0]!.ids.length });
    for (const truncationSide of ['right', 'left'] as const) {
      const sided = tokenizerOfKind(kindNamed('LLaMA 2'), {}, { truncationSide });
      const cut = atOnce(encodeTokens(textModel(sided, { labels: ['O'], maxLength: 8 }), text));
      expect(cut).toMatchObject({ truncated: true, tokens: 8 });
      expect(cut.sequences.map(({ ids }) => ids)).toEqual([sided.encode(text, 8).ids]);
      expect([...cut.sequences[0]!.headPositions]).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('gives a text without a token no sequence', () => {
    const empty = atOnce(encodeTokens(model, ''));
    expect(empty).toEqual({ sequences: [], windows: [], tokens: 0, truncated: false });
    expect(pipelineEntities(model, '', empty, [])).toEqual([]);
    expect(pipelineEntities(model, '', empty, [], { aggregationStrategy: 'max' })).toEqual([]);
  });

  it.each([-1, 6, 0.5, Number.NaN])('refuses the stride %s', stride => {
    const encode = () => atOnce(encodeTokens(model, 'a', { stride, aggregationStrategy: 'simple' }));
    expect(encode).toThrow(UserError);
    expect(encode).toThrow('stride: expected a whole number from 0 to 5');
  });

  it('refuses a stride without an aggregation', () => {
    expect(() => atOnce(encodeTokens(model, 'a', { stride: 1 }))).toThrow('expected an aggregation strategy');
  });

  it('refuses more tokens than it may take, also those that windows repeat', () => {
    const options = { stride: 5, aggregationStrategy: 'simple' } as const;
    expect(() => atOnce(encodeTokens(model, text, options, 20))).toThrow(UnusableText);
    const { tokens } = atOnce(encodeTokens(model, text, options));
    expect(() => atOnce(encodeTokens(model, text, options, tokens))).toThrow(
      `expected at most ${tokens} tokens, found`,
    );
    expect(atOnce(encodeTokens(model, text, {}, 20)).truncated).toBe(true);
  });

  it('pauses between parts of a long text, also when its entities are made', () => {
    const long = text.repeat(40);
    const pauses = (work: Iterator<undefined>) => {
      let count = 0;
      while (!work.next().done) count++;
      return count;
    };
    const options = { stride: 1, aggregationStrategy: 'first' } as const;
    const encoded = atOnce(encodeTokens(model, long, options));
    const rows = encoded.sequences.map(({ headPositions }) => new Float32Array(2 * headPositions.length));
    expect(pauses(encodeTokens(model, long, options))).toBeGreaterThan(encoded.sequences.length);
    expect(pauses(pipelineEntitiesInSlices(model, long, encoded, rows, options))).toBe(rows.length);
  });

  it('refuses a token without an embedding', () => {
    const small = textModel(tokenizer, { labels: ['O'], maxLength: 8, vocabSize: 5 });
    expect(() => atOnce(encodeTokens(small, 'the market'))).toThrow(UnusableText);
  });
});

it('plans windows that cover all tokens and overlap by the stride', () => {
  const sizes = fc
    .integer({ min: 1, max: 40 })
    .chain(room =>
      fc.tuple(fc.constant(room), fc.integer({ min: 0, max: room - 1 }), fc.integer({ min: 1, max: 500 })),
    );
  fc.assert(
    fc.property(sizes, ([room, stride, count]) => {
      const ranges = tokenWindows(count, room, stride, 'right');
      const mirrored = tokenWindows(count, room, stride, 'left').map(({ start, end }) => ({
        start: count - end,
        end: count - start,
      }));
      expect(mirrored).toEqual(ranges);
      expect(ranges[0]!.start).toBe(0);
      expect(ranges.at(-1)!.end).toBe(count);
      for (const [i, { start, end }] of ranges.slice(1).entries()) {
        expect(ranges[i]!.end - start).toBe(stride);
        expect(end).toBeGreaterThan(ranges[i]!.end);
      }
    }),
  );
});

describe('groupEntities', () => {
  const entity = (label: string, start: number) => ({
    entity: label,
    score: 0.5,
    word: String(start),
    start,
    end: start + 1,
  });
  const groupsOf = (...labels: string[]) =>
    groupEntities(labels.map(entity), words => words.join('')).map(({ entityGroup, word }) => [
      entityGroup,
      word,
    ]);

  it('joins neighbours of one type, and begins anew at B-', () => {
    expect(groupsOf('B-A', 'I-A', 'B-A', 'I-B', 'B', 'I-B')).toEqual([
      ['A', '01'],
      ['A', '2'],
      ['B', '345'],
    ]);
  });

  it('names a group after what stands behind the first dash', () => {
    expect(groupsOf('E-A', 'E-A', 'X-Y-Z', 'plain')).toEqual([
      ['A', '01'],
      ['Y-Z', '2'],
      ['plain', '3'],
    ]);
  });
});

it('keeps the longest of overlapping entities, then that of the highest score', () => {
  const group = (start: number, end: number, score: number) => ({
    entityGroup: 'X',
    word: '',
    start,
    end,
    score,
  });
  const kept = aggregateOverlapping([group(0, 4, 0.5), group(8, 9, 0.4), group(2, 7, 0.1), group(8, 9, 0.6)]);
  expect(kept).toEqual([group(2, 7, 0.1), group(8, 9, 0.6)]);
  // Entities without a character overlap with nothing, and the pipeline returns the first one twice.
  expect(aggregateOverlapping([group(3, 3, 0.1)])).toEqual([group(3, 3, 0.1), group(3, 3, 0.1)]);
});

describe('pipelineLabels', () => {
  interface LabelGolden {
    readonly text: string;
    readonly logits: string;
    readonly results: readonly {
      readonly options: { readonly top_k?: number | null; readonly function_to_apply?: FunctionToApply };
      readonly labels: readonly { readonly label: string; readonly score: number }[];
    }[];
  }
  const goldens = readJsonLines<LabelGolden>(`${ROOT}/test/fixtures/pipeline/agnews.jsonl`);
  const { labels } = readJson(`${ROOT}/models/agnews-llama/recipe.json`) as { labels: string[] };

  it('gives the labels of the pipeline from its logits', () => {
    for (const { logits, results } of goldens) {
      for (const { options, labels: expected } of results) {
        const found = pipelineLabels({ labels, problemType: 'single' }, floatsOf(logits), {
          ...(options.top_k !== undefined && { topK: options.top_k }),
          ...(options.function_to_apply && { functionToApply: options.function_to_apply }),
        });
        expect(found.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
        for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i]!.score, 4);
      }
    }
  });

  it('applies the function of the problem type', () => {
    const logits = Float32Array.of(1, -1);
    const all = { topK: null };
    const scoresOf = (
      problemType: 'multi' | 'binary' | 'regression',
      values: Float32Array,
      names = labels.slice(0, 2),
    ) => pipelineLabels({ labels: names, problemType }, values, all).map(({ score }) => score);
    expect(scoresOf('multi', logits)[1]).toBeCloseTo(1 / (1 + Math.E));
    expect(scoresOf('regression', Float32Array.of(3.5), ['value'])).toEqual([3.5]);
    expect(scoresOf('binary', Float32Array.of(1), ['yes'])[0]).toBeCloseTo(1 / (1 + 1 / Math.E));
    const [yes, no] = pipelineLabels(
      { labels: ['no', 'yes'], problemType: 'binary' },
      Float32Array.of(1),
      all,
    );
    expect([yes!.label, no!.label]).toEqual(['yes', 'no']);
    expect(yes!.score).toBeCloseTo(1 / (1 + 1 / Math.E));
    expect(yes!.score + no!.score).toBeCloseTo(1);
  });
});
