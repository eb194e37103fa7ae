// The families with LayerNorms in place of RMSNorms.

import type { DecoderConfig } from './config.js';
import { sharedFields } from './decoderFields.js';
import type { Fields } from './fields.js';

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

/** These families name the norms' epsilon differently, and compute the width of a head themselves. */
function withLayerNorms(fields: Fields, config: DecoderConfig): DecoderConfig {
  const { hiddenSize, heads, headDim } = config;
  if (headDim * heads !== hiddenSize) throw fields.bad('head_dim', `${hiddenSize / heads}`);
  return { ...config, norm: 'layer', normEpsilon: fields.positive('layer_norm_eps', 1e-5) };
}
