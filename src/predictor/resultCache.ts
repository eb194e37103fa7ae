// A cache of computed logits. A sequence's logits never depend on its batch, so an old result is the exact one.

import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Sequence } from '../engine/sequence.js';

/** The limit for all kept logits, in bytes. The number of entries does not bound it: a tagged text has a row per word. */
const MAX_BYTES = 256 * 2 ** 20;

/** A few milliseconds of work, between which the thread does other things. */
const KEYS_PER_SLICE = 64;

/** Emits `lookup` for every sequence that is looked up. */
export class ResultCache extends EventEmitter<{ lookup: [result: 'hit' | 'miss'] }> {
  readonly #logits: LRUCache<string, Float32Array>;

  /** Keeps the logits of `entries` sequences, at least 1. */
  constructor(entries: number) {
    super();
    this.#logits = new LRUCache({
      max: entries,
      maxSize: MAX_BYTES,
      sizeCalculation: ({ byteLength }) => Math.max(1, byteLength),
    });
  }

  /**
   * The logits of each sequence. Calls `compute` at most once, with the sequences that are not in the cache, each of
   * them once. `model` names all else that the logits depend on: the model's id.
   */
  async through(
    model: string,
    sequences: readonly Sequence[],
    compute: (sequences: Sequence[]) => Promise<Float32Array[]>,
  ): Promise<Float32Array[]> {
    const keys: string[] = [];
    for (const sequence of sequences) {
      keys.push(keyOf(model, sequence));
      if (keys.length % KEYS_PER_SLICE === 0) await setImmediate();
    }
    const known = new Map<string, Float32Array>();
    const missing = new Map<string, Sequence>();
    for (const [i, key] of keys.entries()) {
      const found = this.#logits.get(key);
      if (found) known.set(key, found);
      this.emit('lookup', found || missing.has(key) ? 'hit' : 'miss');
      if (!found) missing.set(key, sequences[i]!);
    }
    if (missing.size > 0) {
      const computed = await compute([...missing.values()]);
      for (const [i, key] of [...missing.keys()].entries()) {
        // The engine's logits are a view of a whole message, so a copy is kept.
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
