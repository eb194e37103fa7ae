// A base's config.json, read into the few numbers that the graph needs.
// Every field that changes what the decoder computes is either used here or refused.

import { UserError } from '../errors.js';
import { isJsonObject, type Json, type JsonObject } from './files.js';

/** A LLaMA-shaped decoder: RMSNorm, grouped-query attention with rotary positions, gated MLP. */
export interface DecoderConfig {
  readonly family: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Width of one attention head: queries are heads * headDim wide. */
  readonly headDim: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
}

/** What the config says of the label head and its use, all of it optional. */
export interface HeadConfig {
  /** The class transformers would load: LlamaForSequenceClassification, ... */
  readonly architecture: string | undefined;
  /** In the order of the head's rows. */
  readonly labels: readonly string[] | undefined;
  readonly problemType: 'single' | 'multi' | 'regression' | undefined;
  /** A sequence's last token is its rightmost one that is not this, as transformers reads it. */
  readonly padTokenId: number | undefined;
}

type Family = (fields: Fields) => DecoderConfig;

/** Family by `model_type`. */
const FAMILIES: Record<string, Family> = { llama: llamaConfig };

/** Throws UserError where the family is unknown or a field asks for what the graph does not compute. */
export function parseDecoderConfig(config: JsonObject, file: string): DecoderConfig {
  const fields = new Fields(config, file);
  const family = fields.text('model_type');
  const parse = FAMILIES[family];
  if (!parse) {
    throw new UserError(
      `${file}: model_type ${family} is not supported; supported: ${Object.keys(FAMILIES).join(', ')}`,
    );
  }
  if (config.quantization_config != null) {
    throw new UserError(
      `${file}: quantization_config is set: quantised weights are not read; bring the base in F32, F16 or BF16, or as GGUF`,
    );
  }
  return parse(fields);
}

function llamaConfig(fields: Fields): DecoderConfig {
  fields.expect('hidden_act', 'silu');
  const heads = fields.count('num_attention_heads');
  const kvHeads = fields.count('num_key_value_heads', heads);
  const hiddenSize = fields.count('hidden_size');
  const headDim = fields.count('head_dim', hiddenSize / heads);
  if (heads % kvHeads !== 0) throw fields.bad('num_key_value_heads', `a divisor of ${heads} heads`, kvHeads);
  if (headDim % 2 !== 0) throw fields.bad('head_dim', 'an even number (rotary halves)', headDim);
  return {
    family: 'llama',
    hiddenSize,
    intermediateSize: fields.count('intermediate_size'),
    layers: fields.count('num_hidden_layers'),
    heads,
    kvHeads,
    headDim,
    normEpsilon: fields.number('rms_norm_eps', 1e-6),
    ropeTheta: fields.ropeTheta(),
    vocabSize: fields.count('vocab_size'),
    maxPositions: fields.count('max_position_embeddings', 2048),
    attentionBias: fields.flag('attention_bias'),
    mlpBias: fields.flag('mlp_bias'),
  };
}

/** Reads architectures, id2label, problem_type and pad_token_id. */
export function parseHeadConfig(config: JsonObject, file: string): HeadConfig {
  const architectures = config.architectures;
  const architecture = Array.isArray(architectures) ? architectures[0] : undefined;
  const pad = config.pad_token_id;
  return {
    architecture: typeof architecture === 'string' ? architecture : undefined,
    labels: parseLabels(config.id2label, file),
    problemType: parseProblemType(config.problem_type, file),
    padTokenId: typeof pad === 'number' ? pad : undefined,
  };
}

function parseLabels(id2label: Json | undefined, file: string): string[] | undefined {
  if (id2label == null) return undefined;
  if (!isJsonObject(id2label)) throw new UserError(`${file}: id2label: expected an object of row to label`);
  const count = Object.keys(id2label).length;
  return Array.from({ length: count }, (_, row) => {
    const label = id2label[String(row)];
    if (typeof label !== 'string') {
      throw new UserError(
        `${file}: id2label: expected rows 0 to ${count - 1}, row ${row} is missing or no string`,
      );
    }
    return label;
  });
}

const PROBLEM_TYPES: Record<string, HeadConfig['problemType']> = {
  single_label_classification: 'single',
  multi_label_classification: 'multi',
  regression: 'regression',
};

function parseProblemType(value: Json | undefined, file: string): HeadConfig['problemType'] {
  if (value == null) return undefined;
  const known = typeof value === 'string' ? PROBLEM_TYPES[value] : undefined;
  if (!known) {
    throw new UserError(
      `${file}: problem_type: expected one of ${Object.keys(PROBLEM_TYPES).join(', ')}, found ${JSON.stringify(value)}`,
    );
  }
  return known;
}

/** Typed access to a config's fields. A null counts as absent, as in transformers. */
class Fields {
  readonly #config: JsonObject;
  readonly #file: string;

  constructor(config: JsonObject, file: string) {
    this.#config = config;
    this.#file = file;
  }

  text(key: string): string {
    const value = this.#config[key];
    if (typeof value !== 'string') throw this.bad(key, 'a string', value);
    return value;
  }

  number(key: string, fallback?: number): number {
    const value = this.#config[key] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.bad(key, 'a number', value);
    return value;
  }

  count(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isSafeInteger(value) || value < 1) throw this.bad(key, 'a whole number above 0', value);
    return value;
  }

  flag(key: string): boolean {
    const value = this.#config[key] ?? false;
    if (typeof value !== 'boolean') throw this.bad(key, 'true or false', value);
    return value;
  }

  /** Refuses any value but the one that the graph computes. */
  expect(key: string, only: string): void {
    const value = this.#config[key] ?? only;
    if (value !== only) throw this.bad(key, JSON.stringify(only), value);
  }

  /** `rope_theta` at the top, or inside `rope_parameters` (transformers 5). Scaled positions are refused. */
  ropeTheta(): number {
    for (const key of ['rope_scaling', 'rope_parameters']) {
      const rope = this.#config[key];
      if (rope == null) continue;
      if (!isJsonObject(rope)) throw this.bad(key, 'an object', rope);
      const type = rope.rope_type ?? rope.type ?? 'default';
      if (type !== 'default') throw this.bad(`${key}.rope_type`, '"default"', type);
      const theta = rope.rope_theta;
      if (typeof theta === 'number') return theta;
    }
    return this.number('rope_theta', 10000);
  }

  bad(key: string, expected: string, found: Json | undefined): UserError {
    return new UserError(`${this.#file}: ${key}: expected ${expected}, found ${JSON.stringify(found)}`);
  }
}
