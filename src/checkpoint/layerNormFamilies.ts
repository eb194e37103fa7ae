// The families with LayerNorms in place of RMSNorms.

import type { DecoderConfig } from './config.js';
import { sharedFields } from './decoderFields.js';
import type { Fields } from './fields.js';
import { layerTypes, SLIDING, windowsByType } from './layerWindows.js';

export function stablelm(fields: Fields): DecoderConfig {
  const sizes = {
    vocab: 50_304,
    hidden: 2560,
    intermediate: 6912,
    layers: 32,
    heads: 32,
    kvHeads: 32,
  };
  fields.expect('qk_layernorm', false);
  return {
    ...withLayerNorms(
      fields,
      sharedFields(fields, 'stablelm', { positions: 4096, partialRotary: 0.25, sizes }),
    ),
    normBias: true,
    parallelBlocks: fields.flag('use_parallel_residual'),
    queryKeyValueBias: fields.flag('use_qkv_bias'),
  };
}

/** Only the layers of Cohere 2 with windows have rotary positions. */
export function cohere2(fields: Fields): DecoderConfig {
  const sizes = { vocab: 256_000, hidden: 8192, intermediate: 22_528, layers: 40, heads: 64 };
  const config = withLayerNorms(fields, sharedFields(fields, 'cohere2', { positions: 8192, sizes }));
  const bias = fields.flag('attention_bias');
  const pattern = fields.count('sliding_window_pattern', 4);
  const types = layerTypes(fields, config.layers, layer => (layer + 1) % pattern !== 0);
  const rotary = { ...config.rotaries[0]!, pairs: 'neighbours' as const };
  return {
    ...config,
    parallelBlocks: true,
    queryKeyValueBias: bias,
    outputBias: bias,
    rotaries: types.map(type => (type === SLIDING ? rotary : undefined)),
    windows: windowsByType(fields, types),
  };
}

/** These families name the norms' epsilon differently, and compute the width of a head themselves. */
function withLayerNorms(fields: Fields, config: DecoderConfig): DecoderConfig {
  const { hiddenSize, heads, headDim } = config;
  if (headDim * heads !== hiddenSize) throw fields.bad('head_dim', `${hiddenSize / heads}`);
  return { ...config, norm: 'layer', normEpsilon: fields.positive('layer_norm_eps', 1e-5) };
}
