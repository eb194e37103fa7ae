// Translates a GGUF file's metadata into the config.json that Hugging Face has for the same model.

import type { JsonObject } from './files.js';
import type { GgufFile } from './gguf.js';
import { architectureOf } from './ggufArchitectures.js';
import { badKey, GgufKeys } from './ggufKeys.js';
import { ropeScaling } from './ggufRope.js';
import type { GgufValue } from './ggufValues.js';

/** Keys that change the result of some architectures only, each with the value that has no effect. */
const NEUTRAL_VALUES: Readonly<Record<string, GgufValue>> = {
  'attention.sliding_window': 0,
  'attention.sliding_window_pattern': 1,
  'attention.causal': true,
  'attention.clamp_kqv': 0,
  'attention.max_alibi_bias': 0,
  attn_logit_softcapping: 0,
  expert_count: 0,
};

const TOKEN_IDS = [
  ['bos_token_id', 'tokenizer.ggml.bos_token_id'],
  ['eos_token_id', 'tokenizer.ggml.eos_token_id'],
  ['pad_token_id', 'tokenizer.ggml.padding_token_id'],
] as const;

/**
 * The fields of a config.json, from the metadata and from the tensors that scale rotary positions.
 * Throws UserError where the architecture is unknown, or a key is missing or asks for something that is not supported.
 */
export function ggufConfig(file: GgufFile): JsonObject {
  const { metadata } = file;
  const architecture = architectureOf(metadata);
  const keys = new GgufKeys(metadata, architecture.name);
  const { extraKeys = [], extraFields } = architecture;
  const hiddenSize = keys.number('embedding_length');
  const heads = keys.headCount('head_count');
  const headDim = keys.number('attention.key_length', hiddenSize / heads);
  const theta = keys.number('rope.freq_base', 10_000);
  // Keys and values have the same head size, and all of it is rotated unless the architecture reads
  // rope.dimension_count itself.
  keys.expect('attention.value_length', headDim);
  const neutral = { ...NEUTRAL_VALUES, 'rope.dimension_count': headDim, 'rope.freq_base_swa': theta };
  for (const [key, value] of Object.entries(neutral)) {
    if (!extraKeys.includes(key)) keys.expect(key, value);
  }
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const config: JsonObject = {
    model_type: architecture.modelType,
    hidden_size: hiddenSize,
    intermediate_size: keys.number('feed_forward_length'),
    num_hidden_layers: keys.number('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: keys.headCount('head_count_kv'),
    head_dim: headDim,
    rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'),
    rope_theta: theta,
    vocab_size: keys.number('vocab_size', Array.isArray(tokens) ? tokens.length : undefined),
    max_position_embeddings: keys.number('context_length'),
    ...extraFields?.(keys, headDim),
    ...ropeScaling(file, architecture, keys),
  };
  for (const [field, key] of TOKEN_IDS) {
    const id = metadata.get(key);
    if (id === undefined) continue;
    if (typeof id !== 'number') throw badKey(key, 'a number', id);
    config[field] = id;
  }
  return config;
}
