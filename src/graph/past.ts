// Which graphs can run a long sequence in chunks: attention reads the keys and values of the tokens before, which earlier
// passes gave back. Chunks skip what the causal mask hides, and shorter sequences can run between them.

import type { DecoderConfig } from '../checkpoint/config.js';
import type { Readout } from './heads.js';
import type { DecoderOptions } from './inputs.js';
import type { PrecisionName } from './precisionNames.js';

/** Sequences up to this length run whole: chunks would save little, and every pass of the graph would take 1% longer. */
const MIN_LENGTH = 512;
/** Keys and values of the longest sequence. Those of larger models would take too much memory between passes. Bytes. */
const MAX_BYTES = 2 ** 29;

/**
 * Whether a graph keeps keys and values. Each token may see only those before it, and all of these; and the head reads
 * rows, as it would have to pool over passes otherwise. GPUs run even long sequences in one short pass.
 */
export function keepsPast(
  config: DecoderConfig,
  { maxLength, bidirectionalFrom }: DecoderOptions,
  readout: Readout,
  precision: PrecisionName,
): boolean {
  const bytesPerToken = 2 * config.layers * config.kvHeads * config.headDim * Float32Array.BYTES_PER_ELEMENT;
  return (
    precision !== 'float16' &&
    readout === 'rows' &&
    maxLength > MIN_LENGTH &&
    bidirectionalFrom >= config.layers &&
    config.windows.every(window => window === undefined || window >= maxLength) &&
    bytesPerToken * maxLength <= MAX_BYTES
  );
}
