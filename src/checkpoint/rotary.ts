// Rotary positions (https://arxiv.org/abs/2104.09864) and their kinds of scaling, computed as in transformers: in float32
// at every step, because the rounding of a frequency is multiplied by the position.

import type { Fields } from './fields.js';

/** The angle by which each pair of dimensions of a head is rotated from one position to the next. */
export interface Rotary {
  /** The number of dimensions of a head that are rotated, counted from the first. The others stay as they are. */
  readonly dimensions: number;
  /** The dimensions that are rotated together: i and i + dimensions / 2 (`halves`), or 2i and 2i + 1 (`neighbours`). */
  readonly pairs: 'halves' | 'neighbours';
  /** Radians per position, for each pair: [dimensions / 2]. */
  readonly frequencies: Float32Array;
  /** The frequencies of sequences of more than `above` tokens, where those are different (longrope). */
  readonly long: { readonly above: number; readonly frequencies: Float32Array } | undefined;
  /** The factor of cos and sin (yarn, longrope); 1 for the others. */
  readonly scale: number;
}

export interface RotaryShape {
  readonly headDim: number;
  readonly maxPositions: number;
  readonly theta: number;
  /** The share of a head's dimensions that is rotated. */
  readonly partial: number;
  /** The length before scaling in tokens, where the config has it outside the rope fields. */
  readonly originalPositions: number | undefined;
}

/**
 * Reads rope_parameters (rope_scaling in older configs). Throws UserError for a missing field or an unknown type.
 * The type `dynamic` is read as no scaling: it changes only sequences longer than max_position_embeddings, which are
 * never run.
 */
export function parseRotary(rope: Fields | undefined, shape: RotaryShape): Rotary {
  const dimensions = Math.trunc(shape.headDim * shape.partial);
  const base = baseFrequencies(dimensions, shape.theta);
  const plain: Rotary = { dimensions, pairs: 'halves', frequencies: base, long: undefined, scale: 1 };
  if (!rope) return plain;
  const type = ropeType(rope);
  switch (type) {
    case 'default':
    case 'dynamic':
      return plain;
    case 'linear': {
      const factor = rope.positive('factor');
      return { ...plain, frequencies: base.map(frequency => frequency / factor) };
    }
    case 'llama3':
      return { ...plain, frequencies: llama3Frequencies(base, rope, shape) };
    case 'yarn':
      return yarn(plain, rope, shape);
    case 'longrope':
    case 'su': // The name of longrope in the first configs of Phi-3.
      return longrope(plain, rope, shape);
    default:
      throw rope.bad(
        rope.has('rope_type') ? 'rope_type' : 'type',
        'default, linear, dynamic, llama3, yarn or longrope',
      );
  }
}

/** The type of scaling: `rope_type`, called `type` in older configs. */
export function ropeType(rope: Fields): string {
  return rope.has('rope_type') ? rope.text('rope_type') : rope.text('type', 'default');
}

/** 1 / theta^(2i / dimensions). */
function baseFrequencies(dimensions: number, theta: number): Float32Array {
  return Float32Array.from({ length: dimensions / 2 }, (_, i) => 1 / power(theta, i, dimensions));
}

/** theta^(2i / dimensions), in float32. */
function power(theta: number, i: number, dimensions: number): number {
  return Math.fround(theta ** Math.fround((2 * i) / dimensions));
}

/** Llama 3.1's scaling: low frequencies are divided, high ones are kept, and those between are interpolated. */
function llama3Frequencies(base: Float32Array, rope: Fields, shape: RotaryShape): Float32Array {
  const factor = rope.positive('factor');
  const low = rope.positive('low_freq_factor');
  const high = rope.positive('high_freq_factor');
  const original = originalPositions(rope, shape);
  return base.map(frequency => {
    const wavelength = Math.fround((2 * Math.PI) / frequency);
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = Math.fround((Math.fround(original / wavelength) - low) / (high - low));
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/**
 * Frequencies are divided where they turn less than beta_slow times within the original length, kept where they turn
 * more than beta_fast times, and interpolated between: https://arxiv.org/abs/2309.00071.
 */
function yarn(plain: Rotary, rope: Fields, shape: RotaryShape): Rotary {
  const original = originalPositions(rope, shape);
  const factor = rope.positive('factor', shape.maxPositions / original);
  const { dimensions } = plain;
  /** The index of the pair that makes `turns` full turns within the original length. */
  const dimensionOf = (turns: number) =>
    (dimensions * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(shape.theta));
  let low = dimensionOf(rope.number('beta_fast', 32) || 32);
  let high = dimensionOf(rope.number('beta_slow', 1) || 1);
  if (rope.flag('truncate', true)) {
    low = Math.floor(low);
    high = Math.ceil(high);
  }
  low = Math.max(low, 0);
  high = Math.min(high, dimensions - 1);
  if (low === high) high += 0.001;
  const frequencies = plain.frequencies.map((frequency, i) => {
    const kept = Math.fround(1 - Math.min(Math.max(Math.fround((i - low) / (high - low)), 0), 1));
    const divided = Math.fround(1 / Math.fround(factor * power(shape.theta, i, dimensions)));
    return divided * (1 - kept) + frequency * kept;
  });
  return { ...plain, frequencies, scale: yarnScale(rope, factor) };
}

function yarnScale(rope: Fields, factor: number): number {
  if (rope.has('attention_factor')) return rope.number('attention_factor');
  const scale = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const weight = rope.number('mscale', 0);
  const weightOfAll = rope.number('mscale_all_dim', 0);
  return weight !== 0 && weightOfAll !== 0 ? scale(weight) / scale(weightOfAll) : scale(1);
}

/**
 * One list of divisors for sequences up to the original length, one for longer sequences:
 * https://arxiv.org/abs/2402.13753.
 */
function longrope(plain: Rotary, rope: Fields, shape: RotaryShape): Rotary {
  const original = originalPositions(rope, shape);
  const factor = rope.positive('factor', shape.maxPositions / original);
  const defaultScale = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const divided = (key: string) => {
    const divisors = rope.numbers(key);
    if (divisors.length !== plain.dimensions / 2) throw rope.bad(key, `${plain.dimensions / 2} numbers`);
    return plain.frequencies.map(
      (_, i) => 1 / Math.fround(Math.fround(divisors[i]!) * power(shape.theta, i, plain.dimensions)),
    );
  };
  return {
    ...plain,
    frequencies: divided('short_factor'),
    long: { above: original, frequencies: divided('long_factor') },
    scale: rope.number('attention_factor', defaultScale),
  };
}

function originalPositions(rope: Fields, shape: RotaryShape): number {
  return shape.originalPositions ?? rope.count('original_max_position_embeddings', shape.maxPositions);
}
