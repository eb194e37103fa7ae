// The forward pass that exports are compared with, itself compared with transformers and PEFT.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { type Base, openBase } from '../../dist/checkpoint/base.js';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import type { ExportRequest } from '../../dist/model/recipe.js';
import { referenceLogits } from '../../dist/verify/reference.js';
import { activate } from '../../dist/verify/steps.js';
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
  ...matrixCases().map(({ name, folder, request, found }) => ({
    name,
    request: { ...(found?.attention && { attention: found.attention }), ...request },
    goldens: readJson(join(folder, 'golden.json')) as Golden[],
  })),
];

function optionsOf({ attention, bidirectionalFrom, pooling }: ExportRequest, { decoder }: Base) {
  const isCausal = attention === 'causal';
  return {
    bidirectionalFrom: isCausal ? decoder.layers : (bidirectionalFrom ?? 0),
    readout: pooling === 'mean' || pooling === 'max' ? pooling : ('rows' as const),
  };
}

/** The rows of logits that golden.json holds: of words' first tokens, or of the last token that is not padding. */
function headPositions({ first_token_index, input_ids }: Golden, padTokenId: number | undefined): number[] {
  return first_token_index ?? [input_ids.findLastIndex(id => id !== padTokenId)];
}

describe('logits are those of transformers and PEFT', () => {
  it.each(cases)('$name', async ({ request, goldens }) => {
    const base = openBase(request.base);
    const merged = mergeAdapters(base, request.adapters.map(openAdapter));
    const sequences = goldens.map(golden => ({
      ids: Int32Array.from(golden.input_ids),
      headPositions: Int32Array.from(headPositions(golden, base.head.padTokenId)),
    }));
    const logits = await referenceLogits(merged, optionsOf(request, base), sequences);
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
