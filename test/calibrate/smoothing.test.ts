// Smoothing moves sizes between weights, and leaves what a model computes as it was.

import { describe, expect, it } from 'vitest';
import { type SmoothedInput, type Smoothing, smoothed, smoothInput } from '../../dist/calibrate/smoothing.js';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { openBase } from '../../dist/checkpoint/base.js';
import type { DecoderConfig } from '../../dist/checkpoint/config.js';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import { worstDifference } from '../support/fixtures.js';
import { onePerBase } from '../support/matrix.js';
import { someLogits } from '../support/reference.js';

/** From 1/4 to 4, the same in every run. */
function factors(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 2 ** (2 * Math.sin(seed + 7.3 * i)));
}

/** Every value that linear layers read, with factors of its own; without the residual stream, which no module makes. */
function allInputs(config: DecoderConfig): SmoothedInput[] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const queryKeyValue = ['self_attn.q', 'self_attn.k', 'self_attn.v'];
  const gateUp = ['mlp.gate', 'mlp.up'];
  const separate = [queryKeyValue, gateUp];
  const normed = config.parallelBlocks ? [separate.flat()] : separate;
  return Array.from({ length: config.layers }, (_, layer) => {
    const at = (names: string[]) => names.map(name => `layers.${layer}.${name}_proj`);
    const ofValues = factors(kvHeads * headDim, layer);
    const attended = Float32Array.from({ length: heads * headDim }, (_, channel) => {
      const kvHead = Math.floor(channel / headDim / (heads / kvHeads));
      return ofValues[kvHead * headDim + (channel % headDim)]!;
    });
    return [
      ...(config.preNorms ? normed : []).map((names, i) => ({
        modules: at(names),
        factors: factors(hiddenSize, layer + 0.1 * (i + 1)),
      })),
      { modules: at(['self_attn.o']), factors: attended },
      { modules: at(['mlp.down']), factors: factors(intermediateSize, layer + 0.3) },
    ];
  }).flat();
}

describe('smoothing every input', () => {
  it.each(onePerBase().map(each => [each.name, each] as const))('%s', async (_, { request }) => {
    const merged = mergeAdapters(openBase(request.base), request.adapters.map(openAdapter));
    const smoothing: Smoothing = new Map();
    for (const input of allInputs(merged.decoder)) smoothInput(smoothing, merged.decoder, input);
    const weights = smoothed(merged.weights, smoothing, merged.decoder);
    const [before] = await someLogits(merged);
    const [after] = await someLogits({ ...merged, weights });
    expect(worstDifference(before!, after!)).toBeLessThan(1e-4 * Math.max(...before!.map(Math.abs)));
    const changed = await weights.read('layers.1.mlp.down_proj.weight');
    expect(changed).not.toEqual(await merged.weights.read('layers.1.mlp.down_proj.weight'));
  });
});
