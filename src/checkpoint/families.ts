// The families of models. Each has one function, which turns a config.json into the configuration of a decoder.
// The fields and their defaults are those of transformers' configuration classes. Every field that changes what
// transformers computes for a family is either used or refused; the others are ignored.

import { UserError } from '../errors.js';
import type { DecoderConfig } from './config.js';
import { type FamilyDefaults, nonEmptyRopeScaling, sharedFields } from './decoderFields.js';
import { Fields } from './fields.js';
import type { JsonObject } from './files.js';
import { cohere2, stablelm } from './layerNormFamilies.js';
import { FULL, layerTypes, qwenWindows, SLIDING, windowsByType } from './layerWindows.js';
import { granite, LLAMA, llama, olmo2, smollm3 } from './llamaFamilies.js';
import { checkQuantisation } from './quantisation.js';
import { parseRotary, type Rotary } from './rotary.js';

type Family = (fields: Fields) => DecoderConfig;

/** The families, by `model_type`. */
const FAMILIES = new Map<string, Family>(
  Object.entries({
    llama,
    mistral,
    ministral: mistral,
    qwen2,
    qwen3,
    qwen2_vl: qwen2Vl,
    qwen2_vl_text: qwen2Vl,
    qwen2_5_vl: qwen2Vl,
    qwen2_5_vl_text: qwen2Vl,
    qwen3_vl_text: qwen3Vl,
    phi3,
    gemma,
    gemma2,
    gemma3_text,
    granite,
    smollm3,
    olmo2,
    stablelm,
    cohere2,
  }),
);

/**
 * Reads the config of a decoder. `file` names it in errors.
 * Throws UserError where the family is unknown, or a field asks for something that the graph does not compute.
 */
export function parseDecoderConfig(config: JsonObject, file: string): DecoderConfig {
  const fields = new Fields(config, `${file}: `);
  const family = fields.text('model_type');
  const parse = FAMILIES.get(family);
  if (!parse) {
    throw new UserError(
      `${file}: model_type: expected one of ${[...FAMILIES.keys()].join(', ')}, found ${family}, which is not supported`,
    );
  }
  checkQuantisation(fields, file);
  return parse(fields);
}

/** Mistral and Ministral. A mistral with layer_types is read as a Ministral, as transformers' AutoConfig reads it. */
function mistral(fields: Fields): DecoderConfig {
  const sizes = { ...LLAMA, intermediate: 14_336, kvHeads: 8 };
  const config = sharedFields(fields, 'mistral', { positions: 131072, sizes });
  const types = layerTypes(fields, config.layers, () => !fields.isNull('sliding_window'));
  return { ...config, windows: windowsByType(fields, types) };
}

function qwen2(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'qwen2', { positions: 32768, sizes: QWEN });
  return { ...config, queryKeyValueBias: true, windows: qwenWindows(fields, config.layers) };
}

const QWEN = { vocab: 151_936, hidden: 4096, intermediate: 22_016, layers: 32, heads: 32, kvHeads: 32 };

/** The text part of Qwen2-VL and Qwen2.5-VL, whose first configs have its fields beside vision_config. */
function qwen2Vl(fields: Fields): DecoderConfig {
  const sizes = { vocab: 152_064, hidden: 8192, intermediate: 29_568, layers: 80, heads: 64, kvHeads: 8 };
  const defaults = { positions: 32768, epsilon: 1e-5, theta: 1_000_000, mrope: true, sizes };
  const config = sharedFields(fields, 'qwen2', defaults);
  return { ...config, queryKeyValueBias: true, windows: qwenWindows(fields, config.layers, 80) };
}

function qwen3(fields: Fields): DecoderConfig {
  return qwen3With(fields, { positions: 32768, headDim: 128, sizes: QWEN });
}

function qwen3Vl(fields: Fields): DecoderConfig {
  return qwen3With(fields, { positions: 128_000, headDim: 128, theta: 500_000, mrope: true, sizes: QWEN });
}

function qwen3With(fields: Fields, defaults: FamilyDefaults): DecoderConfig {
  const config = sharedFields(fields, 'qwen3', defaults);
  const bias = fields.flag('attention_bias');
  return {
    ...config,
    queryKeyValueBias: bias,
    outputBias: bias,
    queryKeyNorms: 'each head',
    windows: qwenWindows(fields, config.layers),
  };
}

/** Phi-3's fused matrices, qkv_proj and gate_up_proj, are split when the weights are read: see fused.ts. */
function phi3(fields: Fields): DecoderConfig {
  const sizes = { vocab: 32_064, hidden: 3072, intermediate: 8192, layers: 32, heads: 32 };
  const defaults = { positions: 4096, partialRotary: 1, originalPositions: 4096, epsilon: 1e-5, sizes };
  const config = sharedFields(fields, 'phi3', defaults);
  const window = fields.has('sliding_window') ? fields.count('sliding_window') : undefined;
  return { ...config, windows: Array(config.layers).fill(window) };
}

function gemma(fields: Fields): DecoderConfig {
  const bias = fields.flag('attention_bias');
  return {
    // The configs of the first Gemma say gelu where the model uses its tanh approximation.
    ...sharedFields(fields, 'gemma', {
      ...GEMMA,
      sizes: { vocab: 256_000, hidden: 3072, intermediate: 24_576, layers: 28, heads: 16, kvHeads: 16 },
      activation: { ...GEMMA.activation, key: 'hidden_act', gelu: 'gelu_tanh' },
    }),
    ...gemmaScales(fields),
    queryKeyValueBias: bias,
    outputBias: bias,
  };
}

function gemma2(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'gemma2', { ...GEMMA, sizes: GEMMA2 });
  const bias = fields.flag('attention_bias');
  return {
    ...config,
    ...gemmaScales(fields),
    attentionScale: fields.positive('query_pre_attn_scalar', 256) ** -0.5,
    attentionSoftCap: fields.isNull('attn_logit_softcapping')
      ? undefined
      : fields.positive('attn_logit_softcapping', 50),
    postNorms: true,
    queryKeyValueBias: bias,
    outputBias: bias,
    windows: windowsByType(
      fields,
      layerTypes(fields, config.layers, layer => layer % 2 === 0),
    ),
  };
}

const GEMMA2 = { vocab: 256_000, hidden: 2304, intermediate: 9216, layers: 26, heads: 8, kvHeads: 4 };

function gemma3_text(fields: Fields): DecoderConfig {
  const sizes = { ...GEMMA2, vocab: 262_208 };
  const config = sharedFields(fields, 'gemma3_text', {
    ...GEMMA,
    positions: 131072,
    layerRotaries: true,
    sizes,
  });
  const bias = fields.flag('attention_bias');
  const pattern = fields.count('sliding_window_pattern', 6);
  const types = layerTypes(fields, config.layers, layer => (layer + 1) % pattern !== 0);
  const { full, sliding } = gemma3Rotaries(fields, config);
  return {
    ...config,
    ...gemmaScales(fields),
    attentionScale: fields.positive('query_pre_attn_scalar', 256) ** -0.5,
    postNorms: true,
    queryKeyNorms: 'each head',
    queryKeyValueBias: bias,
    outputBias: bias,
    rotaries: types.map(type => (type === SLIDING ? sliding : full)),
    windows: windowsByType(fields, types),
  };
}

const GEMMA = {
  positions: 8192,
  headDim: 256,
  activation: { key: 'hidden_activation', fallback: 'gelu_pytorch_tanh', gelu: 'gelu' },
} as const;

/** EmbeddingGemma's use_bidirectional_attention is refused: it halves the windows and removes the causal mask. */
function gemmaScales(fields: Fields) {
  fields.expect('use_bidirectional_attention', false);
  return { normOffset: 1 as const, embeddingScale: Math.fround(Math.sqrt(fields.count('hidden_size'))) };
}

/** Gemma 3 has one set of rope fields for the layers with full attention and another for those with windows. */
function gemma3Rotaries(fields: Fields, config: DecoderConfig): { full: Rotary; sliding: Rotary } {
  const byType = fields.object('rope_parameters');
  for (const key of byType?.keys() ?? []) {
    if (key !== FULL && key !== SLIDING) throw byType!.bad(key, `the fields of ${FULL} and ${SLIDING}`);
  }
  const rotary = (type: string, rope: Fields | undefined, thetaKey: string, fallback: number) => {
    const own = byType?.object(type);
    const theta = own?.has('rope_theta') ? own.number('rope_theta') : fields.positive(thetaKey, fallback);
    const shape = { headDim: config.headDim, maxPositions: config.maxPositions, theta };
    return parseRotary(rope ?? own, { ...shape, partial: 1, originalPositions: undefined });
  };
  return {
    full: rotary(FULL, nonEmptyRopeScaling(fields), 'rope_theta', 1_000_000),
    sliding: rotary(SLIDING, undefined, 'rope_local_base_freq', 10_000),
  };
}
