// The part of a config.json that all families share. Their differences are given as defaults.

import type { Activation, DecoderConfig } from './config.js';
import type { Fields } from './fields.js';
import { FULL, SLIDING } from './layerWindows.js';
import { parseRotary, type Rotary, ropeType } from './rotary.js';

export interface FamilyDefaults {
  /** The default of max_position_embeddings. */
  readonly positions: number;
  readonly headDim?: number;
  readonly epsilon?: number;
  /** The field that names the activation, its default, and the function that the name `gelu` stands for. */
  readonly activation?: { readonly key: string; readonly fallback: string; readonly gelu: Activation };
  /** The default of partial_rotary_factor, in families that may rotate only a share of each head. */
  readonly partialRotary?: number;
  /** The default of original_max_position_embeddings, where the family has that field outside the rope fields. */
  readonly originalPositions?: number;
  /** Whether the rope fields differ by layer type; the family then reads them itself. */
  readonly layerRotaries?: boolean;
  /** The default of rope_theta; 10,000 where it is left out. */
  readonly theta?: number;
  /**
   * Whether the rope type may be `mrope`, which rotates by three positions: those of time, height and width. They are
   * equal for every token of a text, so its rotary positions are plain.
   */
  readonly mrope?: boolean;
  /** The sizes of the configuration class, which the published configs of some multimodal models leave out. */
  readonly sizes?: FamilySizes;
}

/** Without `kvHeads`, the default of num_key_value_heads is num_attention_heads. */
export interface FamilySizes {
  readonly vocab: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads?: number;
}

// Limits far above any model's. A damaged config must not make the export allocate for more before a tensor's shape
// contradicts it.
const MAX_LAYERS = 10_000;
const MAX_HEAD_DIM = 8192;

/** The decoder that the shared fields describe. The features that only some families have are off. */
export function sharedFields(fields: Fields, family: string, defaults: FamilyDefaults): DecoderConfig {
  const { sizes } = defaults;
  const heads = fields.count('num_attention_heads', sizes?.heads);
  const defaultKvHeads = fields.isNull('num_key_value_heads') ? heads : (sizes?.kvHeads ?? heads);
  const kvHeads = fields.count('num_key_value_heads', defaultKvHeads);
  const hiddenSize = fields.count('hidden_size', sizes?.hidden);
  const headDim = fields.count('head_dim', defaults.headDim ?? hiddenSize / heads);
  if (heads % kvHeads !== 0) throw fields.bad('num_key_value_heads', `a divisor of ${heads} heads`);
  if (headDim % 2 !== 0) throw fields.bad('head_dim', 'an even number (rotary halves)');
  if (headDim > MAX_HEAD_DIM) throw fields.bad('head_dim', `at most ${MAX_HEAD_DIM}`);
  const layers = fields.count('num_hidden_layers', sizes?.layers);
  if (layers > MAX_LAYERS) throw fields.bad('num_hidden_layers', `at most ${MAX_LAYERS}`);
  const maxPositions = fields.count('max_position_embeddings', defaults.positions);
  const rotary = defaults.layerRotaries ? undefined : rotaryOf(fields, headDim, maxPositions, defaults);
  return {
    family,
    hiddenSize,
    intermediateSize: fields.count('intermediate_size', sizes?.intermediate),
    layers,
    heads,
    kvHeads,
    headDim,
    vocabSize: fields.count('vocab_size', sizes?.vocab),
    maxPositions,
    activation: activation(
      fields,
      defaults.activation ?? { key: 'hidden_act', fallback: 'silu', gelu: 'gelu' },
    ),
    norm: 'rms',
    normBias: false,
    normEpsilon: fields.positive('rms_norm_eps', defaults.epsilon ?? 1e-6),
    normOffset: 0,
    parallelBlocks: false,
    preNorms: true,
    postNorms: false,
    queryKeyNorms: 'none',
    embeddingScale: 1,
    residualScale: 1,
    attentionScale: headDim ** -0.5,
    attentionSoftCap: undefined,
    queryKeyValueBias: false,
    outputBias: false,
    mlpBias: false,
    rotaries: rotary ? Array(layers).fill(rotary) : [],
    windows: Array(layers).fill(undefined),
  };
}

/** The names that transformers gives to activations, besides gelu, which depends on the family. */
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

/**
 * The rope fields are `rope_scaling` in transformers 4 and `rope_parameters` in transformers 5; where a config has
 * both, the first is used. A rope_theta among the rope fields takes precedence over one beside them.
 */
function rotaryOf(fields: Fields, headDim: number, maxPositions: number, defaults: FamilyDefaults): Rotary {
  const rope = nonEmptyRopeScaling(fields) ?? fields.object('rope_parameters');
  const theta = rope?.has('rope_theta')
    ? rope.positive('rope_theta')
    : fields.positive('rope_theta', defaults.theta ?? 10_000);
  for (const type of [SLIDING, FULL]) {
    if (rope?.has(type)) throw rope.bad(type, 'one set of rope fields for all layers');
  }
  const partialIn = rope?.has('partial_rotary_factor') ? rope : fields;
  const partial = partialIn.positive('partial_rotary_factor', defaults.partialRotary ?? 1);
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
  const scaling = defaults.mrope && rope && ropeType(rope) === 'mrope' ? undefined : rope;
  return parseRotary(scaling, { headDim, maxPositions, theta, partial, originalPositions });
}

/** `rope_scaling`; an empty object counts as absent. */
export function nonEmptyRopeScaling(fields: Fields): Fields | undefined {
  const rope = fields.object('rope_scaling');
  return rope?.keys().length ? rope : undefined;
}
