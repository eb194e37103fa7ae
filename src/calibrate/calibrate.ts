// Calibration: measures on texts how much each linear layer loses at 8 bits, chooses how it is quantised, and
// smooths the weights accordingly.

import { join } from 'node:path';
import type { Merged } from '../checkpoint/merge.js';
import { expectWeights } from '../graph/decoder.js';
import type { DecoderOptions } from '../graph/inputs.js';
import { Weights } from '../graph/weights.js';
import { encodeSampleTexts } from '../text/sampleTexts.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { linearInputs } from './activations.js';
import { type Choice, choose } from './choose.js';
import { withRotatedHeads } from './rotateHeads.js';
import { type Smoothing, smoothed, smoothInput } from './smoothing.js';
import { CALIBRATION_TEXTS } from './texts.js';

/** The choice for the linear layers `modules`, which read the same value. */
export interface LayerChoice extends Choice {
  readonly modules: readonly string[];
}

export interface Calibration {
  /** The checkpoint with rotated heads and smoothed weights: it computes the same and quantises better. */
  readonly merged: Merged;
  readonly choices: readonly LayerChoice[];
}

export interface CalibrateOptions extends DecoderOptions {
  /** Called with the layers that are done and with the number of layers. */
  readonly onProgress: (done: number, total: number) => void;
}

/** A longer text is cut to this many tokens. */
const TEXT_TOKENS = 32;

/**
 * Calibrates every linear layer of the decoder. Temporary files are written into `folder` and removed.
 * Throws UserError where a weight is missing or has another shape, or the tokenizer does not fit the model, and the errors
 * of TensorSource.read.
 */
export async function calibrate(
  merged: Merged,
  tokenizer: Tokenizer,
  options: CalibrateOptions,
  folder: string,
): Promise<Calibration> {
  const { decoder: config } = merged;
  const weights = withRotatedHeads(merged.weights, config);
  const maxTokens = Math.min(options.maxLength, TEXT_TOKENS);
  expectWeights(new Weights(weights), config);
  const texts = encodeSampleTexts(CALIBRATION_TEXTS, tokenizer, maxTokens, config.vocabSize);
  const sequences = texts.map(ids => ({ ids, headPositions: new Int32Array(0) }));
  const smoothing: Smoothing = new Map();
  const choices: LayerChoice[] = [];
  let layer = 0;
  options.onProgress(layer, config.layers);
  for await (const inputs of linearInputs(
    { ...merged, weights },
    sequences,
    options,
    join(folder, 'calibration'),
  )) {
    for (const input of inputs) {
      const { factors, ...choice } = await choose(input, config);
      choices.push({ modules: input.modules, ...choice });
      if (choice.smoothing > 0) smoothInput(smoothing, config, { modules: input.modules, factors });
    }
    options.onProgress(++layer, config.layers);
  }
  return { merged: { ...merged, weights: smoothed(weights, smoothing, config) }, choices };
}
