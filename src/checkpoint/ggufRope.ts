// Scaled rotary positions as a GGUF file tells them, in keys and in small tensors, as Hugging Face's rope_scaling.

import { UserError } from '../errors.js';
import type { JsonObject } from './files.js';
import type { GgufFile } from './gguf.js';
import type { Architecture } from './ggufArchitectures.js';
import type { GgufKeys } from './ggufKeys.js';

/** The tensors that hold factors of rotary frequencies, by the kind of scaling. */
const TENSORS = {
  freqs: ['rope_freqs.weight'],
  longrope: ['rope_factors_short.weight', 'rope_factors_long.weight'],
} as const;

/** Keys that change the result, with the one value that leaves it alone. */
const NEUTRAL = {
  'rope.scaling.alpha': 0,
  'rope.scaling.yarn_ext_factor': 1,
  'rope.scaling.yarn_attn_factor': 1,
  'rope.scaling.yarn_log_multiplier': 0,
};

export function isRopeTensor(name: string, { scalings }: Architecture): boolean {
  return Object.entries(TENSORS).some(
    ([kind, names]) => scalings.includes(kind as keyof typeof TENSORS) && names.some(own => own === name),
  );
}

/** `rope_scaling`, {} where positions are not scaled. Throws UserError for a scaling that the architecture has not. */
export function ropeScaling(file: GgufFile, architecture: Architecture, keys: GgufKeys): JsonObject {
  for (const [key, neutral] of Object.entries(NEUTRAL)) keys.expect(key, neutral);
  // an old file has the factor of linear scaling alone, under either name
  const factor = keys.number('rope.scaling.factor', keys.number('rope.scale_linear', 0)) || 1;
  const type = keys.text('rope.scaling.type', factor === 1 ? 'none' : 'linear');
  const has = (kind: keyof typeof TENSORS) => TENSORS[kind].some(name => file.tensors.has(name));
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
  if (has('freqs')) throw keys.bad('rope.scaling.type', `none beside ${TENSORS.freqs[0]}`, type);
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

/** Phi-3's: a key may tell what cos and sin are multiplied by, else it comes of the lengths. */
function longrope(file: GgufFile, keys: GgufKeys): JsonObject {
  const [short, long] = TENSORS.longrope.map(name => factorsOf(file, name));
  const scale = keys.has('rope.scaling.attn_factor')
    ? { attention_factor: keys.number('rope.scaling.attn_factor') }
    : {};
  return { rope_type: 'longrope', short_factor: short!, long_factor: long!, ...scale };
}

/** What the parameters of Llama 3.1's scaling come to is written out: every length has the same divisors. */
function dividedFrequencies(file: GgufFile, keys: GgufKeys): JsonObject {
  const factors = factorsOf(file, TENSORS.freqs[0]);
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
  const strange = factors.find(factor => !(factor > 0 && Number.isFinite(factor)));
  if (strange !== undefined) {
    throw new UserError(`${name}: expected factors above 0, found ${strange} in ${file.name}`);
  }
  return factors;
}
