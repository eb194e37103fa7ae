// Dropout masks. Only the distances between dropped values are drawn: a draw for each value would take a fifth of a step.

import type { Random } from './random.js';

/** A draw is two random bytes. */
const DRAWS = 1 << 16;
const BLOCK_BYTES = 1 << 13;

export class Dropout {
  /** By a draw, the values that are kept before the next one is dropped: geometrically distributed. */
  readonly #kept: Uint32Array;

  /** `share`: the probability that a value is dropped, above 0 and below 1. */
  constructor(share: number) {
    const kept = (draw: number) => Math.floor(Math.log(1 - (draw + 0.5) / DRAWS) / Math.log(1 - share));
    this.#kept = Uint32Array.from({ length: DRAWS }, (_, draw) => kept(draw));
  }

  /** Bytes, 0 where a value is dropped and 1 where it is kept. */
  mask(count: number, random: Random): Uint8Array {
    const mask = new Uint8Array(count).fill(1);
    let dropped = -1;
    for (;;) {
      for (const draw of new Uint16Array(random.bytes(BLOCK_BYTES).buffer)) {
        dropped += 1 + this.#kept[draw]!;
        if (dropped >= count) return mask;
        mask[dropped] = 0;
      }
    }
  }
}
