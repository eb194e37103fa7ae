// Verification, the last step of an export: the written model is loaded and run, and its logits are compared with those
// of a plain forward pass that is computed from the checkpoint.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { layerOf } from '../checkpoint/layers.js';
import type { Merged } from '../checkpoint/merge.js';
import { elementCount, parameterCount, type TensorSource } from '../checkpoint/tensors.js';
import type { Sequence } from '../engine/sequence.js';
import { Session } from '../engine/session.js';
import { UserError } from '../errors.js';
import { writeFirstLayer } from '../graph/firstLayer.js';
import type { PrecisionName } from '../graph/precisionNames.js';
import type { GraphOptions } from '../graph/write.js';
import { usableCores } from '../machine/cores.js';
import { encodeSampleTexts } from '../text/sampleTexts.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { referenceLogits } from './reference.js';

/** The result of a verification. */
export interface Verification {
  /** The greatest difference between a logit of the export and of the checkpoint. */
  readonly maxDifference: number;
  /** The number of texts that were compared. */
  readonly texts: number;
  /** The number of layers that were run: all, or only the first where the model is large. */
  readonly layers: number;
  /**
   * The number of positions at which the head's logits were compared: tokens, or texts where their logits are pooled.
   * Undefined for a head of one row, which has no most probable label.
   */
  readonly positions?: number;
  /** The number of these positions at which the most probable label of the export is that of the checkpoint. */
  readonly sameLabels?: number;
}

/** Few and short texts: for every token the plain forward pass multiplies once by each parameter of the model. */
const TEXTS = [
  'Yes',
  'Siemens opened an office in Munich.',
  'On 12 May 2023, oil fell 3.5% to $71.20',
  '東京 café 🎉',
];
/** A longer text is cut to this many tokens. */
const TEXT_TOKENS = 10;

/** A larger model runs only its first layer: the whole would take minutes, and as much memory as its weights. */
const MAX_PARAMETERS = 400e6;
const FIRST_LAYER = 'first_layer.onnx';

/**
 * The difference that is allowed between logits, as a share of their magnitude (of 1 where that is smaller). At float32
 * only the order of sums differs: at most 3e-5 was measured. float16 rounds weights and inner values to 11 bits in every
 * layer: 0.002 was measured on trained models, 0.035 on random ones. At int8 single tokens may move far (the second token
 * of a text may or may not become an attention sink), so the root mean square over all tokens is compared: 0.2 was
 * measured on trained models, and up to 0.12 on random ones. A weight in the wrong place moves logits by their own
 * magnitude.
 */
const TOLERANCE: Readonly<Record<PrecisionName, { readonly magnitude: Magnitude; readonly share: number }>> =
  {
    float32: { magnitude: largest, share: 1e-3 },
    float16: { magnitude: largest, share: 1e-1 },
    int8: { magnitude: rootMeanSquare, share: 4e-1 },
  };

type Magnitude = (values: readonly number[]) => number;

export type VerifyOptions = Pick<
  GraphOptions,
  'readout' | 'precision' | 'bidirectionalFrom' | 'maxLength' | 'onProgress'
>;

/**
 * Compares the model in `folder` with the checkpoint that it was written from, on the CPU.
 * Throws UserError where ONNX Runtime does not run it, or its logits are too far from the checkpoint's.
 */
export async function verifyExport(
  folder: string,
  merged: Merged,
  tokenizer: Tokenizer,
  { readout, precision, bidirectionalFrom, maxLength, onProgress }: VerifyOptions,
): Promise<Verification> {
  const sequences = sequencesOf(tokenizer, maxLength, merged.decoder.vocabSize);
  const layers = parameterCount(merged.weights.tensors) > MAX_PARAMETERS ? 1 : merged.decoder.layers;
  const weights = counted(merged.weights, layers, onProgress);
  const exported = flat(
    layers < merged.decoder.layers
      ? await firstLayerLogits(folder, sequences)
      : await exportedLogits(folder, sequences),
  );
  const options = { bidirectionalFrom, readout, layers };
  const expected = flat(await referenceLogits({ ...merged, weights }, options, sequences));
  const maxDifference = compare(expected, exported, precision);
  const verification = { maxDifference, texts: sequences.length, layers };
  if (merged.head.rows === 1) return verification;
  const expectedLabels = mostProbable(expected, merged.head.rows);
  const exportedLabels = mostProbable(exported, merged.head.rows);
  return {
    ...verification,
    positions: expectedLabels.length,
    sameLabels: expectedLabels.filter((label, i) => label === exportedLabels[i]).length,
  };
}

/** The texts as sequences of which the head reads every token, where it does not pool. */
function sequencesOf(tokenizer: Tokenizer, maxLength: number, vocabSize: number): Sequence[] {
  const texts = encodeSampleTexts(TEXTS, tokenizer, Math.min(maxLength, TEXT_TOKENS), vocabSize);
  return texts.map(ids => ({ ids, headPositions: ids.map((_, position) => position) }));
}

/** The same weights, which report to `onProgress`, from 0 on, how many values of the first `layers` layers were read. */
function counted(
  weights: TensorSource,
  layers: number,
  onProgress: VerifyOptions['onProgress'],
): TensorSource {
  let total = 0;
  for (const { name, shape } of weights.tensors.values()) {
    if ((layerOf(name) ?? layers) < layers) total += elementCount(shape);
  }
  let done = 0;
  onProgress(done, total);
  return {
    ...weights,
    async read(name, start, end) {
      const values = await weights.read(name, start, end);
      if (layerOf(name) !== undefined) done += values.length;
      onProgress(done, total);
      return values;
    },
  };
}

async function firstLayerLogits(folder: string, sequences: readonly Sequence[]): Promise<Float32Array[]> {
  writeFirstLayer(folder, FIRST_LAYER);
  try {
    return await exportedLogits(folder, sequences, FIRST_LAYER);
  } finally {
    rmSync(join(folder, FIRST_LAYER));
  }
}

async function exportedLogits(
  folder: string,
  sequences: readonly Sequence[],
  file?: string,
): Promise<Float32Array[]> {
  try {
    const session = await Session.load(folder, { device: 'cpu', threads: usableCores() }, file);
    try {
      return await session.run(sequences);
    } finally {
      await session.release();
    }
  } catch (error) {
    throw new UserError(`verification failed: the exported model does not run: ${(error as Error).message}`);
  }
}

/** Returns the greatest difference between a logit and its counterpart. Throws UserError where they differ too much. */
function compare(expected: readonly number[], exported: readonly number[], precision: PrecisionName): number {
  if (!expected.every(Number.isFinite)) {
    throw new UserError(
      'verification failed: the logits computed from the checkpoint are not finite: it is damaged',
    );
  }
  if (!exported.every(Number.isFinite)) {
    throw new UserError(
      `verification failed: the logits of the exported model, at ${precision}, are not finite`,
    );
  }
  const differences = expected.map((logit, i) => logit - exported[i]!);
  const { magnitude, share } = TOLERANCE[precision];
  const difference = magnitude(differences);
  const allowed = share * Math.max(1, magnitude(expected));
  if (!(difference <= allowed)) {
    throw new UserError(
      'verification failed: the logits of the exported model differ from those computed from the checkpoint ' +
        `by ${difference.toPrecision(3)} (allowed ${allowed.toPrecision(3)})`,
    );
  }
  return largest(differences);
}

function flat(rows: readonly Float32Array[]): number[] {
  return rows.flatMap(row => [...row]);
}

/** The label with the greatest logit at each position, for logits [positions, labels]. */
function mostProbable(logits: readonly number[], labels: number): number[] {
  return Array.from({ length: logits.length / labels }, (_, position) => {
    const row = logits.slice(position * labels, (position + 1) * labels);
    return row.indexOf(Math.max(...row));
  });
}

/** The greatest absolute value. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
