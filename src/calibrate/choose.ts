// Chooses how the linear layers that read one value are quantised: the strength of smoothing, and whether the value has
// one scale or one for each row. A layer that loses too much either way stays in float32.

import type { DecoderConfig } from '../checkpoint/config.js';
import { isNorm, producerOf } from '../checkpoint/layers.js';
import type { Int8Choice } from '../graph/write.js';
import { INT8_MAX } from '../kernels/int8.js';
import type { LinearInput } from './activations.js';
import {
  type ChannelMagnitudes,
  greatestMagnitudes,
  rootMeanSquares,
  sharedByGroup,
  smoothingFactors,
} from './factors.js';
import { errorMeasure, type MeasureError } from './relativeError.js';

/** The choice for linear layers that read the same value. */
export interface Choice extends Int8Choice {
  /** The strength of smoothing: 0 leaves outlier channels in the activation, 1 moves them wholly into the weights. */
  readonly smoothing: number;
  /** The relative error of the layers' outputs at 8 bits: the root mean square over the texts' tokens. */
  readonly error: number;
}

interface Candidate extends Choice {
  /** The smoothing factor of each channel: [width]. */
  readonly factors: Float32Array;
}

/** The strengths of smoothing that are tried; see smoothingFactors. */
const STRENGTHS = [0, 0.4, 0.55, 0.7, 0.85];
/** No module makes the channels of the residual stream, so none could divide them by factors. */
const WITHOUT_SMOOTHING = [0];
/** The strength behind a norm where all rows have one scale: the best for nearly every layer of both shipped models. */
const STRENGTH_AT_ONE_SCALE = 0.7;
/** A layer whose least error is above this stays float32. */
const MAX_ERROR = 0.1;
/** One scale for all rows is chosen where the error is at most this: behind a norm, and behind attention. */
const MAX_ERROR_AT_ONE_SCALE = { norm: 0.02, attention: 0.03 };
/** The ranges that one scale for all rows covers, as shares of the greatest value seen. Rare peaks may be clamped. */
const RANGES = [1, 0.8, 0.6];

/**
 * Chooses for the linear layers that read one value. The rows that a norm produces have similar magnitudes, and so have
 * those of attention, whose heads are rotated. For them one scale for all rows is tried first: it costs less than a scale
 * for each row.
 */
export async function choose(
  { modules, readWeights, rows, values }: LinearInput,
  decoder: DecoderConfig,
): Promise<Candidate> {
  const weights = await readWeights();
  const width = values.length / rows;
  const measure = await errorMeasure(values, weights, width);
  const weightMagnitudes = greatestMagnitudes(weights, width);
  const producer = producerOf(modules[0]!, decoder);
  const isAttention = producer?.endsWith('.v_proj') ?? false;
  if (producer && (isNorm(producer) || isAttention)) {
    const peaks = { activations: greatestMagnitudes([values], width), weights: weightMagnitudes };
    // Rotated channels have similar magnitudes already.
    const candidate = await bestAtOneScale(peaks, isAttention ? 0 : STRENGTH_AT_ONE_SCALE, measure);
    if (candidate.error <= MAX_ERROR_AT_ONE_SCALE[isAttention ? 'attention' : 'norm']) return candidate;
  }
  const magnitudes = { activations: rootMeanSquares(values, width), weights: weightMagnitudes };
  const factorsAt = (strength: number) => {
    const factors = smoothingFactors(magnitudes, strength);
    return isAttention ? sharedByGroup(factors, decoder) : factors;
  };
  const best = await bestByRow(producer ? STRENGTHS : WITHOUT_SMOOTHING, factorsAt, measure);
  return best.error > MAX_ERROR ? { ...best, stored: 'float32' } : best;
}

/** `peaks` are the greatest absolute values of each channel. */
async function bestAtOneScale(
  peaks: ChannelMagnitudes,
  smoothing: number,
  measure: MeasureError,
): Promise<Candidate> {
  const factors = smoothingFactors(peaks, smoothing);
  const greatest = Math.max(...Array.from(peaks.activations, (peak, channel) => peak / factors[channel]!));
  const candidates: Candidate[] = [];
  for (const range of RANGES) {
    const scale = (range * greatest) / INT8_MAX;
    const error = await measure(factors, scale);
    candidates.push({ smoothing, error, factors, stored: 'int8', step: scale });
  }
  return leastError(candidates);
}

async function bestByRow(
  strengths: readonly number[],
  factorsAt: (strength: number) => Float32Array,
  measure: MeasureError,
): Promise<Candidate> {
  const candidates: Candidate[] = [];
  for (const smoothing of strengths) {
    const factors = factorsAt(smoothing);
    candidates.push({ smoothing, error: await measure(factors), factors, stored: 'int8', step: null });
  }
  return leastError(candidates);
}

/** The candidate with the least error; the first one in a tie. */
function leastError(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((best, candidate) => (candidate.error < best.error ? candidate : best));
}
