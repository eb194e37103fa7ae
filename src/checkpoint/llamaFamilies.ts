// LLaMA and the families whose configs have its fields, with fields of their own for what they compute differently.

import type { DecoderConfig } from './config.js';
import { type FamilyDefaults, sharedFields } from './decoderFields.js';
import type { Fields } from './fields.js';
import { windowsWhereUsed } from './layerWindows.js';

export const LLAMA = { vocab: 32_000, hidden: 4096, intermediate: 11_008, layers: 32, heads: 32 };

export function llama(fields: Fields): DecoderConfig {
  return llamaWith(fields, 'llama', { positions: 2048, sizes: LLAMA });
}

/** LLaMA and the families with its fields. */
function llamaWith(fields: Fields, family: string, defaults: FamilyDefaults): DecoderConfig {
  const bias = fields.flag('attention_bias');
  return {
    ...sharedFields(fields, family, defaults),
    queryKeyValueBias: bias,
    outputBias: bias,
    mlpBias: fields.flag('mlp_bias'),
  };
}

/** Granite's logits_scaling belongs to the head that predicts tokens. */
export function granite(fields: Fields): DecoderConfig {
  return {
    ...llamaWith(fields, 'granite', { positions: 2048, sizes: LLAMA }),
    embeddingScale: fields.positive('embedding_multiplier', 1),
    attentionScale: fields.positive('attention_multiplier', 1),
    residualScale: fields.positive('residual_multiplier', 1),
  };
}

/** Every few layers of SmolLM3 have no rotary positions. Where it uses windows, those layers have them. */
export function smollm3(fields: Fields): DecoderConfig {
  const sizes = { vocab: 128_256, hidden: 2048, intermediate: 11_008, layers: 36, heads: 16, kvHeads: 4 };
  const config = llamaWith(fields, 'smollm3', { positions: 32_768, theta: 2_000_000, sizes });
  const rotates = rotatingLayers(fields, config.layers);
  return {
    ...config,
    rotaries: config.rotaries.map((rotary, layer) => (rotates[layer] ? rotary : undefined)),
    windows: windowsWhereUsed(fields, config.layers, layer => !rotates[layer], undefined),
  };
}

/** Whether each layer rotates: no_rope_layers has a 1 for a layer that does, and a 0 for one that does not. */
function rotatingLayers(fields: Fields, layers: number): boolean[] {
  if (!fields.has('no_rope_layers')) {
    const interval = fields.count('no_rope_layer_interval', 4);
    return Array.from({ length: layers }, (_, layer) => (layer + 1) % interval !== 0);
  }
  const flags = fields.numbers('no_rope_layers');
  if (flags.length < layers) throw fields.bad('no_rope_layers', `a list of at least ${layers} numbers`);
  return flags.slice(0, layers).map(flag => flag !== 0);
}

/** OLMo 2 norms what attention and MLP give, and not what they read. */
export function olmo2(fields: Fields): DecoderConfig {
  const sizes = { ...LLAMA, vocab: 50_304 };
  return {
    ...llamaWith(fields, 'olmo2', { positions: 2048, epsilon: 1e-5, sizes }),
    mlpBias: false,
    preNorms: false,
    postNorms: true,
    queryKeyNorms: 'all heads',
  };
}
