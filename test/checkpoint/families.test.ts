// Configs that are refused, because the decoder would be computed in another way than transformers computes it.

import { expect, it } from 'vitest';
import { parseDecoderConfig } from '../../dist/checkpoint/families.js';

const SMALL = {
  vocab_size: 320,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 4,
};
const SLIDING = ['sliding_attention', 'full_attention'];

it.each<[family: string, Record<string, unknown>, RegExp]>([
  ['openelm', {}, /model_type: expected one of llama, .*phi3.*, found openelm/],
  ['llama', { rope_parameters: { rope_type: 'proportional' } }, /rope_parameters\.rope_type.*"proportional"/],
  ['llama', { rope_parameters: { full_attention: {} } }, /one set of rope fields for all layers/],
  ['llama', { partial_rotary_factor: 0.5 }, /partial_rotary_factor: expected 1, found 0\.5/],
  ['phi3', { rope_scaling: { type: 'linear', factor: 2 } }, /rope_scaling\.type.*default or longrope/],
  ['phi3', { partial_rotary_factor: 0.3 }, /an even share of 8 dimensions/],
  ['llama', { rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [1] } }, /short_factor.*4 n/],
  ['llama', { rope_scaling: { type: 'llama3', factor: 8 } }, /low_freq_factor: expected a number/],
  ['llama', { num_key_value_heads: 3 }, /num_key_value_heads: expected a divisor of 4 heads/],
  ['llama', { head_dim: 7 }, /head_dim: expected an even number/],
  ['mistral', { layer_types: SLIDING, sliding_window: null }, /sliding_window: expected a number.*null/],
  ['qwen2', { layer_types: SLIDING, use_sliding_window: false }, /use_sliding_window: expected true/],
  ['qwen3', { layer_types: ['chunked_attention', 'full_attention'] }, /layer_types: expected a list of 2/],
  ['gemma2', { layer_types: ['full_attention'] }, /layer_types: expected a list of 2/],
  ['gemma3_text', { use_bidirectional_attention: true }, /use_bidirectional_attention: expected false/],
  ['gemma3_text', { rope_parameters: { rope_type: 'default' } }, /fields of full_attention and sliding/],
  ['granitemoehybrid', {}, /model_type: expected one of .*granite.*, found granitemoehybrid/],
  ['granite', { residual_multiplier: 0 }, /residual_multiplier: expected a number above 0, found 0/],
  ['stablelm', { qk_layernorm: true }, /qk_layernorm: expected false, found true/],
  ['stablelm', { head_dim: 16 }, /head_dim: expected 8, found 16/],
  ['cohere', {}, /model_type: expected one of .*cohere2.*, found cohere,/],
  ['cohere2', { layer_types: SLIDING, sliding_window: null }, /sliding_window: expected a number.*null/],
  ['cohere2', { head_dim: 16 }, /head_dim: expected 8, found 16/],
  ['smollm3', { no_rope_layers: [1] }, /no_rope_layers: expected a list of at least 2 numbers/],
  ['smollm3', { no_rope_layer_interval: 0 }, /no_rope_layer_interval: expected a whole number above 0/],
  ['smollm3', { layer_types: SLIDING, sliding_window: 8 }, /use_sliding_window: expected true/],
])('refuses %s with %j', (model_type, changes, message) => {
  expect(() => parseDecoderConfig({ model_type, ...SMALL, ...changes } as never, 'config.json')).toThrow(
    message,
  );
});

it('reads the windows of a mistral from layer_types, as transformers does', () => {
  const config = { model_type: 'mistral', ...SMALL, layer_types: SLIDING, sliding_window: 8 };
  const { windows } = parseDecoderConfig(config, 'config.json');
  expect(windows).toEqual([8, undefined]);
  expect(parseDecoderConfig({ ...config, model_type: 'ministral' }, 'config.json').windows).toEqual(windows);
});

it('ignores an empty rope_scaling', () => {
  const rope_parameters = { rope_type: 'linear', rope_theta: 500, factor: 4 };
  const config = { model_type: 'llama', ...SMALL, rope_parameters };
  const { rotaries } = parseDecoderConfig(config, 'config.json');
  expect(parseDecoderConfig({ ...config, rope_scaling: {} }, 'config.json').rotaries).toEqual(rotaries);
});
