// Logits of sequences that were computed before. They never depend on the batch, so an old answer is the exact one.

import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Sequence } from '../engine/batch.js';

/** Of all logits that are kept, however many entries are allowed: a long tagged text has a row a word. */
const MAX_BYTES = 256 * 2 ** 20;

export interface ResultCacheOptions {
  /** At least 1. */
  readonly entries: number;
  onLookup(result: 'hit' | 'miss'): void;
}

export class ResultCache {
  readonly #logits: LRUCache<string, Float32Array>;
  readonly #onLookup: ResultCacheOptions['onLookup'];

  constructor({ entries, onLookup }: ResultCacheOptions) {
    this.#logits = new LRUCache({
      max: entries,
      maxSize: MAX_BYTES,
      sizeCalculation: ({ byteLength }) => Math.max(1, byteLength),
    });
    this.#onLookup = onLookup;
  }

  /**
   * Logits of each sequence; `compute` is asked, at most once, for those not known, each of them once.
   * `model` is what their logits depend on beside the sequence: its name and version.
   */
  async through(
    model: string,
    sequences: readonly Sequence[],
    compute: (sequences: Sequence[]) => Promise<Float32Array[]>,
  ): Promise<Float32Array[]> {
    const keys = sequences.map(sequence => keyOf(model, sequence));
    const known = new Map<string, Float32Array>();
    const missing = new Map<string, Sequence>();
    for (const [i, key] of keys.entries()) {
      const found = this.#logits.get(key);
      if (found) known.set(key, found);
      this.#onLookup(found || missing.has(key) ? 'hit' : 'miss');
      if (!found) missing.set(key, sequences[i]!);
    }
    if (missing.size > 0) {
      const computed = await compute([...missing.values()]);
      for (const [i, key] of [...missing.keys()].entries()) {
        // A copy: what came from the engine is a view of a whole message.
        const logits = computed[i]!.slice();
        known.set(key, logits);
        this.#logits.set(key, logits);
      }
    }
    return keys.map(key => known.get(key)!);
  }
}

function keyOf(model: string, { ids, headPositions }: Sequence): string {
  return createHash('sha256')
    .update(`${model}\0${ids.length}\0`)
    .update(ids)
    .update(headPositions)
    .digest('base64');
}
