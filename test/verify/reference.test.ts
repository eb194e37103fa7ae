// The forward pass that exports are compared with, itself compared with transformers and PEFT.

import { describe, expect, it } from 'vitest';
import { openAdapter } from '../../src/checkpoint/adapter.js';
import { openBase } from '../../src/checkpoint/base.js';
import { mergeAdapters } from '../../src/checkpoint/merge.js';
import { referenceLogits } from '../../src/verify/reference.js';
import { activate } from '../../src/verify/steps.js';
import { checkpointNames, type Golden, goldensOf, requestOf, worstDifference } from '../support/fixtures.js';

/** The rows of logits that golden.json holds: of words' first tokens, or of the last token that is not padding. */
function headPositions({ first_token_index, input_ids }: Golden, padTokenId: number | undefined): number[] {
  return first_token_index ?? [input_ids.findLastIndex(id => id !== padTokenId)];
}

describe.each(checkpointNames())('%s', name => {
  it('gives the logits of its golden.json', async () => {
    const { base: path, adapters, attention, pooling } = requestOf(name);
    const base = openBase(path);
    const merged = mergeAdapters(base, adapters.map(openAdapter));
    const goldens = goldensOf(name);
    const logits = await referenceLogits(
      merged,
      {
        bidirectionalFrom: attention === 'causal' ? base.decoder.layers : 0,
        readout: pooling === 'mean' || pooling === 'max' ? pooling : 'rows',
      },
      goldens.map(golden => ({
        ids: Int32Array.from(golden.input_ids),
        headPositions: Int32Array.from(headPositions(golden, base.head.padTokenId)),
      })),
    );
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

it('passes NaN on', () => {
  for (const activation of ['silu', 'gelu', 'gelu_tanh', 'relu'] as const) {
    expect(activate(activation, Number.NaN)).toBeNaN();
  }
});
