// The forward pass that exports are compared with, itself compared with transformers and PEFT.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Adapter, openAdapter } from '../../src/checkpoint/adapter.js';
import { type Base, openBase } from '../../src/checkpoint/base.js';
import { type Merged, mergeAdapters } from '../../src/checkpoint/merge.js';
import { planExport } from '../../src/model/plan.js';
import type { ExportRequest } from '../../src/model/recipe.js';
import { readTokenizerAt, tokenizerPlace } from '../../src/model/tokenizerPlace.js';
import { Tokenizer } from '../../src/text/tokenizer.js';
import { referenceLogits } from '../../src/verify/reference.js';
import { activate } from '../../src/verify/steps.js';
import {
  checkpointNames,
  type Golden,
  goldensOf,
  readJson,
  requestOf,
  worstDifference,
} from '../support/fixtures.js';
import { matrixCases } from '../support/matrix.js';

interface Case {
  readonly name: string;
  readonly request: ExportRequest;
  readonly goldens: Golden[];
}

const cases: Case[] = [
  ...checkpointNames().map(name => ({ name, request: requestOf(name), goldens: goldensOf(name) })),
  ...matrixCases().map(({ name, folder, request }) => ({
    name,
    request,
    goldens: readJson(join(folder, 'golden.json')) as Golden[],
  })),
];

/** As an export would read it: what the request leaves out, the checkpoint says. */
function planOf(request: ExportRequest, base: Base, adapters: readonly Adapter[], { head }: Merged) {
  const tokenizer = new Tokenizer(readTokenizerAt(tokenizerPlace(request)));
  const { bidirectionalFrom, pooling, padTokenId } = planExport(request, base, adapters, head, tokenizer);
  const readout = pooling === 'mean' || pooling === 'max' ? pooling : ('rows' as const);
  return { bidirectionalFrom, readout, padTokenId };
}

/** The rows of logits that golden.json holds: of words' first tokens, or of the last token that is not padding. */
function headPositions({ first_token_index, input_ids }: Golden, padTokenId: number | null): number[] {
  return (
    first_token_index ?? [
      Math.max(
        0,
        input_ids.findLastIndex(id => id !== padTokenId),
      ),
    ]
  );
}

describe('logits are those of transformers and PEFT', () => {
  it.each(cases)('$name', async ({ request, goldens }) => {
    const base = openBase(request.base);
    const adapters = request.adapters.map(openAdapter);
    const merged = mergeAdapters(base, adapters);
    const { padTokenId, ...options } = planOf(request, base, adapters, merged);
    const sequences = goldens.map(golden => ({
      ids: Int32Array.from(golden.input_ids),
      headPositions: Int32Array.from(headPositions(golden, padTokenId)),
    }));
    const logits = await referenceLogits(merged, options, sequences);
    goldens.forEach((golden, i) => {
      expect(worstDifference(golden.logits.flat(), logits[i]!)).toBeLessThan(1e-4);
    });
  });
});

// torch.nn.functional, float64
it.each([
  ['silu', -3, -0.14227761953270035],
  ['silu', 0.7, 0.46773144051771626],
  ['gelu', -3, -0.00404969409489031],
  ['gelu', 0.7, 0.5306254434438489],
  ['gelu', -12, 0],
  ['gelu', 0, 0],
  ['gelu_tanh', -3, -0.0036373920817729943],
  ['gelu_tanh', 0.7, 0.5305701347051167],
  ['relu', -3, 0],
  ['relu', 0.7, 0.7],
] as const)('%s of %d', (activation, x, expected) => {
  expect(activate(activation, x)).toBeCloseTo(expected, 12);
});

it('activations pass NaN on', () => {
  for (const activation of ['silu', 'gelu', 'gelu_tanh', 'relu'] as const) {
    expect(activate(activation, Number.NaN)).toBeNaN();
  }
});
