// The memory that a training run needs, told before it is used up.

import type { DecoderConfig } from '../checkpoint/config.js';
import { linearLayers } from '../checkpoint/layers.js';
import { UserError } from '../errors.js';
import { usableMemory } from '../machine/memory.js';

const FLOAT_BYTES = 4;
/** Each frozen weight is packed for the forward product, the backward one, and that of an evaluation. */
const COPIES = 3;
/** Values of the MLP's width, and of the residual stream's, that a layer keeps for each token until its backward step. */
const KEPT = { intermediate: 7, hidden: 16 };
/** Node.js, ONNX Runtime and the tokenizer. Bytes. */
const PROGRAM_BYTES = 300e6;

/** An estimate of the greatest memory of a run with at most so many tokens in all passes at a time. Bytes. */
function trainingBytes(config: DecoderConfig, passTokens: number): number {
  const { layers, hiddenSize, intermediateSize } = config;
  const weights = linearLayers(config).reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  const kept = KEPT.intermediate * intermediateSize + KEPT.hidden * hiddenSize;
  return PROGRAM_BYTES + FLOAT_BYTES * layers * (COPIES * weights + passTokens * kept);
}

/** Throws UserError where this machine, or the container, has less memory than a run needs. */
export function checkMemory(config: DecoderConfig, passTokens: number): void {
  const [needed, usable] = [trainingBytes(config, passTokens), usableMemory()];
  if (needed <= usable) return;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new UserError(
    `training this base takes ${gigabytes(needed)} GB of memory, and ${gigabytes(usable)} GB can be used: its frozen weights are in float32, once for each direction and once for evaluations`,
  );
}
