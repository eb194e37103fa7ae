// The memory that a training run needs, told before it is used up.

import type { DecoderConfig } from '../checkpoint/config.js';
import { linearLayers } from '../checkpoint/layers.js';
import { UserError } from '../errors.js';
import { usableMemory } from '../machine/memory.js';

const FLOAT_BYTES = 4;
/** Values of the MLP's width, and of the residual stream's, that a layer keeps for each token until its backward step. */
const KEPT = { intermediate: 7, hidden: 16 };
/** Arrays of attention scores that are there at a time. */
const SCORES = 4;
/** Arrays of the trained values: they, their best ones and AdamW's two averages; and with each worker their gradients. */
const ARRAYS = { run: 4, worker: 4 };
/** Node.js, ONNX Runtime, the tokenizer and messages, in each process. Bytes. */
const PROCESS_BYTES = 150e6;

export interface RunSize {
  readonly workers: number;
  /** About the most tokens of a worker's pass. */
  readonly passTokens: number;
  /** Tokens of the longest text. */
  readonly maxLength: number;
  readonly trainedValues: number;
  /** Whether there is a development set: it has processes of its own, with another copy of the weights. */
  readonly isEvaluated: boolean;
}

/** An estimate of the greatest memory of a run. The embedding table is not in it: its rows are read from a mapped file. Bytes. */
function trainingBytes(config: DecoderConfig, size: RunSize): number {
  const { layers, hiddenSize, intermediateSize, heads } = config;
  const { workers, passTokens, maxLength, trainedValues, isEvaluated } = size;
  const weights = linearLayers(config).reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  const copies = isEvaluated ? 3 : 2;
  const kept = KEPT.intermediate * intermediateSize + KEPT.hidden * hiddenSize;
  const values =
    layers * (copies * weights + workers * passTokens * kept) +
    workers * SCORES * heads * passTokens * maxLength +
    trainedValues * (ARRAYS.run + ARRAYS.worker * workers);
  const processes = 1 + workers * (isEvaluated ? 2 : 1);
  return processes * PROCESS_BYTES + FLOAT_BYTES * values;
}

/** Throws UserError where this machine, or the container, has less memory than a run needs. */
export function checkMemory(config: DecoderConfig, size: RunSize): void {
  const [needed, usable] = [trainingBytes(config, size), usableMemory()];
  if (needed <= usable) return;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new UserError(
    `training this base takes ${gigabytes(needed)} GB of memory, and ${gigabytes(usable)} GB can be used: its frozen weights are in float32, once for each direction${size.isEvaluated ? ' and once for --dev' : ''}`,
  );
}
