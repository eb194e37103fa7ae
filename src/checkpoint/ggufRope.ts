// Translates a GGUF file's scaled rotary positions, which it keeps in keys and small tensors, into Hugging Face's
// rope_scaling.

import { UserError } from '../errors.js';
import { ggufValueText } from '../ggufValueText.js';
import type { JsonObject } from './files.js';
import type { GgufFile } from './gguf.js';
import type { Architecture } from './ggufArchitectures.js';
import type { GgufKeys } from './ggufKeys.js';

/** The tensors that hold divisors of rotary frequencies, by the kind of scaling. */
const FACTOR_TENSORS = {
  freqs: ['rope_freqs.weight'],
  longrope: ['rope_factors_short.weight', 'rope_factors_long.weight'],
} as const;

/** Keys that change the result, each with the value that has no effect. */
const NEUTRAL_VALUES = {
  'rope.scaling.alpha': 0,
  'rope.scaling.yarn_ext_factor': 1,
  'rope.scaling.yarn_attn_factor': 1,
  'rope.scaling.yarn_log_multiplier': 0,
};

/** Whether a tensor holds divisors of rotary frequencies that `ropeScaling` reads for the architecture. */
export function isRopeTensor(name: string, { scalings }: Architecture): boolean {
  const kinds = Object.entries(FACTOR_TENSORS) as [keyof typeof FACTOR_TENSORS, readonly string[]][];
  return kinds.some(([kind, names]) => scalings.includes(kind) && names.includes(name));
}

/**
 * The config field `rope_scaling`, or no field where positions are not scaled.
 * Throws UserError for a kind of scaling that the architecture does not support.
 */
export function ropeScaling(file: GgufFile, architecture: Architecture, keys: GgufKeys): JsonObject {
  for (const [key, neutral] of Object.entries(NEUTRAL_VALUES)) keys.expect(key, neutral);
  // Old files have only the factor of linear scaling, under one of two names, and no type.
  const factor = keys.number('rope.scaling.factor', keys.number('rope.scale_linear', 0)) || 1;
  const type = keys.text('rope.scaling.type', factor === 1 ? 'none' : 'linear');
  const has = (kind: keyof typeof FACTOR_TENSORS) =>
    FACTOR_TENSORS[kind].some(name => file.tensors.has(name));
  if (architecture.scalings.includes('longrope') && has('longrope')) {
    if (type !== 'none' && type !== 'longrope') throw keys.bad('rope.scaling.type', 'longrope');
    return { rope_scaling: longrope(file, keys) };
  }
  keys.expect('rope.scaling.attn_factor', 1);
  if (type === 'none' || (type === 'linear' && factor === 1)) {
    return architecture.scalings.includes('freqs') && has('freqs')
      ? { rope_scaling: dividedFrequencies(file, keys) }
      : {};
  }
  const known = architecture.scalings.filter(kind => kind === 'linear' || kind === 'yarn');
  if (!known.some(kind => kind === type)) {
    throw keys.bad('rope.scaling.type', ['none', ...known].join(' or '), type);
  }
  if (has('freqs')) throw keys.bad('rope.scaling.type', `none beside ${FACTOR_TENSORS.freqs[0]}`, type);
  return { rope_scaling: type === 'yarn' ? yarn(keys, factor) : { rope_type: 'linear', factor } };
}

function yarn(keys: GgufKeys, factor: number): JsonObject {
  return {
    rope_type: 'yarn',
    factor,
    original_max_position_embeddings: keys.number('rope.scaling.original_context_length'),
    beta_fast: keys.number('rope.scaling.yarn_beta_fast', 32),
    beta_slow: keys.number('rope.scaling.yarn_beta_slow', 1),
  };
}

/** Phi-3's scaling. The factor of cos and sin may be given by a key; otherwise it follows from the lengths. */
function longrope(file: GgufFile, keys: GgufKeys): JsonObject {
  const [short, long] = FACTOR_TENSORS.longrope.map(name => factorsOf(file, name));
  const scale = keys.has('rope.scaling.attn_factor')
    ? { attention_factor: keys.number('rope.scaling.attn_factor') }
    : {};
  return { rope_type: 'longrope', short_factor: short!, long_factor: long!, ...scale };
}

/**
 * Llama 3.1's scaling. The file holds the divisors of the frequencies that follow from its parameters, so they are given
 * as a longrope with the same divisors for every length.
 */
function dividedFrequencies(file: GgufFile, keys: GgufKeys): JsonObject {
  const factors = factorsOf(file, FACTOR_TENSORS.freqs[0]);
  return {
    rope_type: 'longrope',
    short_factor: factors,
    long_factor: factors,
    attention_factor: 1,
    original_max_position_embeddings: keys.number('context_length'),
  };
}

function factorsOf(file: GgufFile, name: string): number[] {
  const factors = Array.from(file.readVector(name));
  const invalid = factors.find(factor => !(factor > 0 && Number.isFinite(factor)));
  if (invalid !== undefined) {
    throw new UserError(`${name}: expected factors above 0, found ${ggufValueText(invalid)} in ${file.name}`);
  }
  return factors;
}
