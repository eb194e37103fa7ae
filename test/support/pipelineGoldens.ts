// What transformers' pipeline("token-classification") gives for some texts: test/fixtures/pipeline/make_pipeline.py.

import { expect } from 'vitest';
import type { EntityOptions, PipelineEntity } from '../../dist/predictor/pipeline/entities.js';
import type { AggregationStrategy } from '../../dist/predictor/pipeline/strategy.js';
import { ROOT, readJson, readJsonLines } from './fixtures.js';

export interface TaggerGolden {
  readonly text: string;
  readonly max_length: number;
  readonly stride: number | null;
  readonly ignore_labels?: string[];
  /** The ids of each window, special tokens included. */
  readonly input_ids: readonly number[][];
  /** The logits of each window, [tokens, labels], as float32 in base64. */
  readonly logits: readonly string[];
  readonly results: Readonly<Partial<Record<AggregationStrategy, PipelineEntity[]>>>;
}

const FIXTURES = `${ROOT}/test/fixtures`;
const CONLL03 = `${ROOT}/models/conll03-unllama`;
const LLAMA2 = `${FIXTURES}/checkpoints/llama2_tokenizer_tok`;

export const taggers = [
  {
    name: 'conll03',
    folder: `${CONLL03}/adapter`,
    labels: (readJson(`${CONLL03}/recipe.json`) as { labels: string[] }).labels,
    goldens: readJsonLines<TaggerGolden>(`${FIXTURES}/pipeline/conll03.jsonl`),
  },
  {
    name: 'llama2',
    folder: `${LLAMA2}/base`,
    labels: (readJson(`${LLAMA2}/case.json`) as { labels: string[] }).labels,
    goldens: readJsonLines<TaggerGolden>(`${FIXTURES}/pipeline/llama2.jsonl`),
  },
];

/** The options of a golden, with an aggregation strategy. */
export function optionsOf(
  { stride, ignore_labels: ignoreLabels }: TaggerGolden,
  aggregationStrategy: AggregationStrategy,
): EntityOptions & { readonly stride?: number } {
  return { aggregationStrategy, ...(stride !== null && { stride }), ...(ignoreLabels && { ignoreLabels }) };
}

/** Expects the pipeline's entities: scores within the tolerance, everything else, the order of the keys included, exactly. */
export function expectEntities(
  found: readonly PipelineEntity[],
  expected: readonly PipelineEntity[],
  text: string,
  tolerance = 1e-4,
): void {
  const withoutScores = (entities: readonly PipelineEntity[]) =>
    entities.map(entity => JSON.stringify({ ...entity, score: 0 }));
  expect([text, withoutScores(found)]).toEqual([text, withoutScores(expected)]);
  for (const [i, { score }] of expected.entries()) {
    expect(Math.abs(found[i]!.score - score)).toBeLessThan(tolerance);
  }
}

/** Float32 values in base64, little-endian. */
export function floatsOf(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
