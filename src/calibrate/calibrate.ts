// Calibration: measures on texts how each linear layer keeps its quality at 8 bits. The result is how far its outlier
// channels are smoothed, whether its input has one scale or one for each row, or that the layer stays in float32.

import { join } from 'node:path';
import { isNorm, producerOf } from '../checkpoint/layers.js';
import type { Merged } from '../checkpoint/merge.js';
import type { TensorSource } from '../checkpoint/tensors.js';
import type { Sequence } from '../engine/batch.js';
import type { DecoderOptions } from '../graph/inputs.js';
import type { Int8Choice } from '../graph/write.js';
import { INT8_MAX } from '../kernels/int8.js';
import { linearOutput, quantisationError } from '../kernels/quantisationError.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { type LinearInput, linearInputs } from './activations.js';
import { greatestMagnitudes, rootMeanSquares, sharedByGroup, smoothingFactors } from './factors.js';
import { type Smoothing, smoothed, smoothInput } from './smoothing.js';
import { CALIBRATION_TEXTS } from './texts.js';

/** The choice for linear layers that read the same value. */
export interface LayerChoice extends Int8Choice {
  readonly modules: readonly string[];
  /** The strength of smoothing: 0 leaves outlier channels in the activation, 1 moves them wholly into the weights. */
  readonly smoothing: number;
  /** The relative error of the layers' outputs at 8 bits: the root mean square over the texts' tokens. */
  readonly error: number;
}

export interface Calibration {
  /** The checkpoint with smoothed weights: it computes the same and quantises better. */
  readonly merged: Merged;
  readonly choices: readonly LayerChoice[];
}

export interface CalibrateOptions extends DecoderOptions {
  /** Called with the layers that are done and with the number of layers. */
  readonly onProgress: (done: number, total: number) => void;
}

/** The strengths of smoothing that are tried; see smoothingFactors. */
const STRENGTHS = [0, 0.4, 0.55, 0.7, 0.85];
/** The strength where all rows have one scale: the best for nearly every layer of both shipped models. */
const STRENGTH_AT_STEP = 0.7;
/** A layer whose least error is above this stays float32. */
const MOST_ERROR = 0.1;
/** One scale for all rows is chosen where the error is at most this. */
const MOST_ERROR_AT_STEP = 0.02;
/** The ranges that one scale for all rows covers, as shares of the greatest value that was seen. Rare peaks may be clamped. */
const REACHES = [1, 0.8];
/** A longer text is cut to this many tokens. */
const TEXT_TOKENS = 32;

/**
 * Calibrates every linear layer of the decoder. Temporary files are written into `folder` and removed.
 * Throws what reading the weights throws.
 */
export async function calibrate(
  merged: Merged,
  tokenizer: Tokenizer,
  options: CalibrateOptions,
  folder: string,
): Promise<Calibration> {
  const { decoder: config, weights } = merged;
  const sequences = sequencesFor(tokenizer, options.maxLength, config.vocabSize);
  const smoothing: Smoothing = new Map();
  const choices: LayerChoice[] = [];
  let layer = 0;
  for await (const inputs of linearInputs(merged, sequences, options, join(folder, 'calibration'))) {
    for (const input of inputs) {
      const { factors, ...choice } = await choose(input, merged);
      choices.push({ modules: input.modules, ...choice });
      if (choice.smoothing > 0) smoothInput(smoothing, config, { modules: input.modules, factors });
    }
    options.onProgress(++layer, config.layers);
  }
  return { merged: { ...merged, weights: smoothed(weights, smoothing, config) }, choices };
}

function sequencesFor(tokenizer: Tokenizer, maxLength: number, vocabSize: number): Sequence[] {
  return CALIBRATION_TEXTS.flatMap(text => {
    const encoded = tokenizer.encode(text, Math.min(maxLength, TEXT_TOKENS));
    const ids = encoded.ids.filter(id => id < vocabSize);
    return ids.length > 0 ? [{ ids, headPositions: new Int32Array(0) }] : [];
  });
}

/**
 * Chooses the strength of smoothing with the least error. The rows that a norm produces have similar magnitudes, so for
 * them one scale for all rows is tried as well.
 */
async function choose({ modules, rows, values }: LinearInput, { decoder, weights: source }: Merged) {
  const width = values.length / rows;
  const weights = await readAll(source, modules);
  const errorOf = await outputError(values, weights, width);
  const magnitudes = {
    activations: rootMeanSquares(values, width),
    weights: greatestMagnitudes(weights, width),
  };
  const producer = producerOf(modules[0]!, decoder);
  const isShared = producer.endsWith('.v_proj');
  let best = { smoothing: 0, error: Number.POSITIVE_INFINITY, factors: magnitudes.activations };
  for (const strength of STRENGTHS) {
    const own = smoothingFactors(magnitudes, strength);
    const factors = isShared ? sharedByGroup(own, decoder) : own;
    const error = await errorOf(factors);
    if (error < best.error) best = { smoothing: strength, error, factors };
  }
  if (best.error > MOST_ERROR) return { ...best, stored: 'float32' as const, step: null };
  const perRow = { ...best, stored: 'int8' as const, step: null };
  if (!isNorm(producer)) return perRow;
  const peaks = greatestMagnitudes([values], width);
  const factors = smoothingFactors({ ...magnitudes, activations: peaks }, STRENGTH_AT_STEP);
  const greatest = Math.max(...Array.from(peaks, (peak, channel) => peak / factors[channel]!));
  let atStep = { ...perRow, smoothing: STRENGTH_AT_STEP, factors, step: 0, error: Number.POSITIVE_INFINITY };
  for (const reach of REACHES) {
    const step = (reach * greatest) / INT8_MAX;
    const error = await errorOf(factors, step);
    if (error < atStep.error) atStep = { ...atStep, step, error };
  }
  return atStep.error > MOST_ERROR_AT_STEP ? perRow : atStep;
}

async function readAll(source: TensorSource, modules: readonly string[]): Promise<Float32Array[]> {
  const weights: Float32Array[] = [];
  for (const module of modules) weights.push(await source.read(`${module}.weight`));
  return weights;
}

/**
 * Makes the function that measures the relative error for given factors and scale (see quantisationError). Every token
 * has the same weight in it, however large its values are.
 */
async function outputError(x: Float32Array, weights: readonly Float32Array[], width: number) {
  const rows = x.length / width;
  const outputs: Float32Array[] = [];
  for (const weight of weights) outputs.push(await linearOutput(x, weight, width));
  const powers = new Float64Array(rows);
  for (const output of outputs) {
    const out = output.length / rows;
    for (let i = 0; i < output.length; i++) powers[Math.floor(i / out)]! += output[i]! ** 2;
  }
  return async (factors: Float32Array, step?: number): Promise<number> => {
    const errors = new Float64Array(rows);
    for (const [i, weight] of weights.entries()) {
      const own = await quantisationError(x, weight, outputs[i]!, factors, step);
      for (let row = 0; row < rows; row++) errors[row]! += own[row]!;
    }
    let sum = 0;
    for (let row = 0; row < rows; row++) if (powers[row]! > 0) sum += errors[row]! / powers[row]!;
    return Math.sqrt(sum / rows);
  };
}
