// The plain forward pass of a checkpoint, for tests of what leaves its logits as they are.

import type { Merged } from '../../dist/checkpoint/merge.js';
import { referenceLogits } from '../../dist/verify/reference.js';

/** The logits of every token of one sequence. */
export function someLogits(merged: Merged): ReturnType<typeof referenceLogits> {
  const ids = Int32Array.from({ length: 20 }, (_, i) => (37 * i + 5) % merged.decoder.vocabSize);
  const sequence = { ids, headPositions: ids.map((_, position) => position) };
  return referenceLogits(merged, { bidirectionalFrom: merged.decoder.layers, readout: 'rows' }, [sequence]);
}
