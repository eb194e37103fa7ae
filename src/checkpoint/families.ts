// One family of models is one function here: from its config.json to what the graph computes.
// The fields and their defaults are those of transformers' configuration classes. Every field that changes what
// transformers computes for a family is either used or refused; the others are left.

import { UserError } from '../errors.js';
import type { Activation, DecoderConfig } from './config.js';
import { Fields } from './fields.js';
import type { JsonObject } from './files.js';
import { parseRotary, type Rotary, ropeType } from './rotary.js';

type Family = (fields: Fields) => DecoderConfig;

/** By `model_type`. */
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

/** Throws UserError where the family is unknown or a field asks for what the graph does not compute. */
export function parseDecoderConfig(config: JsonObject, file: string): DecoderConfig {
  const fields = new Fields(config, `${file}: `);
  const family = fields.text('model_type');
  const parse = FAMILIES.get(family);
  if (!parse) {
    throw new UserError(
      `${file}: model_type ${family} is not supported; supported: ${[...FAMILIES.keys()].join(', ')}`,
    );
  }
  if (fields.has('quantization_config')) {
    throw new UserError(
      `${file}: quantization_config is set: quantised weights are not read; bring the base in F32, F16 or BF16, or as GGUF`,
    );
  }
  return parse(fields);
}

function llama(fields: Fields): DecoderConfig {
  const bias = fields.flag('attention_bias');
  return {
    ...decoder(fields, 'llama', { positions: 2048 }),
    queryKeyValueBias: bias,
    outputBias: bias,
    mlpBias: fields.flag('mlp_bias'),
  };
}

/** With layer_types it is a Ministral, whatever its model_type: transformers' AutoConfig takes it for one. */
function mistral(fields: Fields): DecoderConfig {
  const config = decoder(fields, 'mistral', { positions: 131072 });
  const types = layerTypes(fields, config.layers, () => !fields.isNull('sliding_window'));
  return { ...config, windows: windowsByType(fields, types) };
}

function qwen2(fields: Fields): DecoderConfig {
  const config = decoder(fields, 'qwen2', { positions: 32768 });
  return { ...config, queryKeyValueBias: true, windows: qwenWindows(fields, config.layers) };
}

function qwen3(fields: Fields): DecoderConfig {
  const config = decoder(fields, 'qwen3', { positions: 32768, headDim: 128 });
  const bias = fields.flag('attention_bias');
  return {
    ...config,
    queryKeyValueBias: bias,
    outputBias: bias,
    queryKeyNorms: true,
    windows: qwenWindows(fields, config.layers),
  };
}

/** Its qkv_proj and gate_up_proj are split where the weights are read: see fused.ts. */
function phi3(fields: Fields): DecoderConfig {
  const positions = { positions: 4096, partialRotary: true, originalPositions: 4096, epsilon: 1e-5 };
  const config = decoder(fields, 'phi3', positions);
  const window = fields.has('sliding_window') ? fields.count('sliding_window') : undefined;
  return { ...config, windows: Array(config.layers).fill(window) };
}

function gemma(fields: Fields): DecoderConfig {
  const bias = fields.flag('attention_bias');
  return {
    // older configs say gelu and mean its approximation
    ...decoder(fields, 'gemma', {
      ...GEMMA,
      activation: { ...GEMMA.activation, key: 'hidden_act', gelu: 'gelu_tanh' },
    }),
    ...gemmaScales(fields),
    queryKeyValueBias: bias,
    outputBias: bias,
  };
}

function gemma2(fields: Fields): DecoderConfig {
  const config = decoder(fields, 'gemma2', GEMMA);
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
  const config = decoder(fields, 'gemma3_text', { ...GEMMA, positions: 131072, layerRotaries: true });
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

/** use_bidirectional_attention (EmbeddingGemma) halves windows and sees both ways, which is refused. */
function gemmaScales(fields: Fields) {
  fields.expect('use_bidirectional_attention', false);
  return { normOffset: 1 as const, embeddingScale: Math.fround(Math.sqrt(fields.count('hidden_size'))) };
}

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
    full: rotary('full_attention', ropeScaling(fields), 'rope_theta', 1_000_000),
    sliding: rotary(SLIDING, undefined, 'rope_local_base_freq', 10_000),
  };
}

interface FamilyDefaults {
  /** max_position_embeddings. */
  readonly positions: number;
  readonly headDim?: number;
  readonly epsilon?: number;
  /** The field that names the activation, its default, and what is meant by gelu. */
  readonly activation?: { readonly key: string; readonly fallback: string; readonly gelu: Activation };
  /** Whether the family rotates a share of each head where its config says so. */
  readonly partialRotary?: boolean;
  /** original_max_position_embeddings, where the family has that field outside the rope fields. */
  readonly originalPositions?: number;
  /** Whether rope fields are kept by layer type, and read by the family itself. */
  readonly layerRotaries?: boolean;
}

/** What all families share, with the settings of those that add nothing. */
function decoder(fields: Fields, family: string, defaults: FamilyDefaults): DecoderConfig {
  const heads = fields.count('num_attention_heads');
  const kvHeads = fields.count('num_key_value_heads', heads);
  const hiddenSize = fields.count('hidden_size');
  const headDim = fields.count('head_dim', defaults.headDim ?? hiddenSize / heads);
  if (heads % kvHeads !== 0) throw fields.bad('num_key_value_heads', `a divisor of ${heads} heads`);
  if (headDim % 2 !== 0) throw fields.bad('head_dim', 'an even number (rotary halves)');
  if (headDim > WIDEST_HEAD) throw fields.bad('head_dim', `at most ${WIDEST_HEAD}`);
  const layers = fields.count('num_hidden_layers');
  if (layers > MOST_LAYERS) throw fields.bad('num_hidden_layers', `at most ${MOST_LAYERS}`);
  const maxPositions = fields.count('max_position_embeddings', defaults.positions);
  const rotary = defaults.layerRotaries ? undefined : rotaryOf(fields, headDim, maxPositions, defaults);
  return {
    family,
    hiddenSize,
    intermediateSize: fields.count('intermediate_size'),
    layers,
    heads,
    kvHeads,
    headDim,
    vocabSize: fields.count('vocab_size'),
    maxPositions,
    activation: activation(
      fields,
      defaults.activation ?? { key: 'hidden_act', fallback: 'silu', gelu: 'gelu' },
    ),
    normEpsilon: fields.positive('rms_norm_eps', defaults.epsilon ?? 1e-6),
    normOffset: 0,
    postNorms: false,
    queryKeyNorms: false,
    embeddingScale: 1,
    attentionScale: headDim ** -0.5,
    attentionSoftCap: undefined,
    queryKeyValueBias: false,
    outputBias: false,
    mlpBias: false,
    rotaries: rotary ? Array(layers).fill(rotary) : [],
    windows: Array(layers).fill(undefined),
  };
}

// Far above any model's: what is larger is damage, and would be allocated before a tensor contradicts it.
const MOST_LAYERS = 10_000;
const WIDEST_HEAD = 8192;

/** transformers' names of activations. */
const ACTIVATIONS = new Map<string, Activation>([
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['gelu_pytorch_tanh', 'gelu_tanh'],
  ['gelu_new', 'gelu_tanh'],
  ['relu', 'relu'],
]);

function activation(
  fields: Fields,
  { key, fallback, gelu }: NonNullable<FamilyDefaults['activation']>,
): Activation {
  const name = fields.text(key, fallback);
  if (name === 'gelu') return gelu;
  const known = ACTIVATIONS.get(name);
  if (!known) throw fields.bad(key, `one of gelu, ${[...ACTIVATIONS.keys()].join(', ')}`);
  return known;
}

/** `rope_scaling` (transformers 4) wins over `rope_parameters` (5), and a theta inside over one beside them. */
function rotaryOf(fields: Fields, headDim: number, maxPositions: number, defaults: FamilyDefaults): Rotary {
  const rope = ropeScaling(fields) ?? fields.object('rope_parameters');
  const theta = rope?.has('rope_theta') ? rope.positive('rope_theta') : fields.positive('rope_theta', 10_000);
  for (const type of [SLIDING, FULL]) {
    if (rope?.has(type)) throw rope.bad(type, 'one set of rope fields for all layers');
  }
  const partialIn = rope?.has('partial_rotary_factor') ? rope : fields;
  const partial = partialIn.positive('partial_rotary_factor', 1);
  if (partial !== 1 && !defaults.partialRotary) throw partialIn.bad('partial_rotary_factor', '1');
  if (partial > 1 || (headDim * partial) % 2 !== 0) {
    throw partialIn.bad('partial_rotary_factor', `an even share of ${headDim} dimensions`);
  }
  if (defaults.partialRotary && rope && !['default', 'longrope', 'su'].includes(ropeType(rope))) {
    throw rope.bad(rope.has('rope_type') ? 'rope_type' : 'type', 'default or longrope');
  }
  const originalPositions =
    defaults.originalPositions === undefined && !fields.has('original_max_position_embeddings')
      ? undefined
      : fields.count('original_max_position_embeddings', defaults.originalPositions);
  return parseRotary(rope, { headDim, maxPositions, theta, partial, originalPositions });
}

/** An empty one says nothing. */
function ropeScaling(fields: Fields): Fields | undefined {
  const rope = fields.object('rope_scaling');
  return rope?.keys().length ? rope : undefined;
}

const SLIDING = 'sliding_attention';
const FULL = 'full_attention';

/** `layer_types`, or what the family does where it is not written out. */
function layerTypes(fields: Fields, layers: number, slides: (layer: number) => boolean): string[] {
  const types = fields.value('layer_types');
  if (types === undefined)
    return Array.from({ length: layers }, (_, layer) => (slides(layer) ? SLIDING : FULL));
  const known = (type: unknown) => type === SLIDING || type === FULL;
  if (!Array.isArray(types) || types.length !== layers || !types.every(known)) {
    throw fields.bad('layer_types', `${layers} of ${SLIDING} and ${FULL}`);
  }
  return types as string[];
}

function windowsByType(fields: Fields, types: readonly string[], fallback = 4096) {
  if (!types.includes(SLIDING)) return types.map(() => undefined);
  if (fields.isNull('sliding_window'))
    throw fields.bad('sliding_window', `a number, as layers are ${SLIDING}`);
  const window = fields.count('sliding_window', fallback);
  return types.map(type => (type === SLIDING ? window : undefined));
}

/** Layers from max_window_layers on slide, where use_sliding_window says so. */
function qwenWindows(fields: Fields, layers: number): (number | undefined)[] {
  const slides = fields.flag('use_sliding_window') && !fields.isNull('sliding_window');
  const first = fields.number('max_window_layers', 28);
  const types = layerTypes(fields, layers, layer => slides && layer >= first);
  if (!slides && types.includes(SLIDING))
    throw fields.bad('use_sliding_window', 'true, as layer_types slides');
  return windowsByType(fields, types);
}
