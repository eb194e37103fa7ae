// The families of models. Each has one function, which turns a config.json into the configuration of a decoder.
// The fields and their defaults are those of transformers' configuration classes. Every field that changes what
// transformers computes for a family is either used or refused; the others are ignored.

import { UserError } from '../errors.js';
import type { DecoderConfig } from './config.js';
import { nonEmptyRopeScaling, sharedFields } from './decoderFields.js';
import { Fields } from './fields.js';
import type { JsonObject } from './files.js';
import { FULL, layerTypes, qwenWindows, SLIDING, windowsByType } from './layerWindows.js';
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
    phi3,
    gemma,
    gemma2,
    gemma3_text,
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
  if (fields.has('quantization_config')) {
    throw new UserError(
      `${file}: quantization_config: expected none, found one: quantised weights cannot be read, except in a GGUF file; use the base in F32, F16 or BF16`,
    );
  }
  return parse(fields);
}

function llama(fields: Fields): DecoderConfig {
  const bias = fields.flag('attention_bias');
  return {
    ...sharedFields(fields, 'llama', { positions: 2048 }),
    queryKeyValueBias: bias,
    outputBias: bias,
    mlpBias: fields.flag('mlp_bias'),
  };
}

/** Mistral and Ministral. A mistral with layer_types is read as a Ministral, as transformers' AutoConfig reads it. */
function mistral(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'mistral', { positions: 131072 });
  const types = layerTypes(fields, config.layers, () => !fields.isNull('sliding_window'));
  return { ...config, windows: windowsByType(fields, types) };
}

function qwen2(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'qwen2', { positions: 32768 });
  return { ...config, queryKeyValueBias: true, windows: qwenWindows(fields, config.layers) };
}

function qwen3(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'qwen3', { positions: 32768, headDim: 128 });
  const bias = fields.flag('attention_bias');
  return {
    ...config,
    queryKeyValueBias: bias,
    outputBias: bias,
    queryKeyNorms: true,
    windows: qwenWindows(fields, config.layers),
  };
}

/** Phi-3's fused matrices, qkv_proj and gate_up_proj, are split when the weights are read: see fused.ts. */
function phi3(fields: Fields): DecoderConfig {
  const defaults = { positions: 4096, partialRotary: true, originalPositions: 4096, epsilon: 1e-5 };
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
      activation: { ...GEMMA.activation, key: 'hidden_act', gelu: 'gelu_tanh' },
    }),
    ...gemmaScales(fields),
    queryKeyValueBias: bias,
    outputBias: bias,
  };
}

function gemma2(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'gemma2', GEMMA);
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

function gemma3_text(fields: Fields): DecoderConfig {
  const config = sharedFields(fields, 'gemma3_text', { ...GEMMA, positions: 131072, layerRotaries: true });
  const bias = fields.flag('attention_bias');
  const pattern = fields.count('sliding_window_pattern', 6);
  const types = layerTypes(fields, config.layers, layer => (layer + 1) % pattern !== 0);
  const { full, sliding } = gemma3Rotaries(fields, config);
  return {
    ...config,
    ...gemmaScales(fields),
    attentionScale: fields.positive('query_pre_attn_scalar', 256) ** -0.5,
    postNorms: true,
    queryKeyNorms: true,
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
