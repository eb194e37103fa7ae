// Random numbers that depend on nothing but a seed and what they are for. So a run that is resumed has the same numbers
// as one that was never interrupted, without any state to keep.

import { createCipheriv, createHash } from 'node:crypto';

const BLOCK_BYTES = 1 << 16;

/** A stream of random numbers: the key stream of AES-128 in counter mode, with a key made of the seed. */
export class Random {
  readonly #cipher;
  #words: Uint32Array = new Uint32Array(0);
  #next = 0;

  /** Streams of different seeds or purposes have nothing to do with each other. */
  constructor(seed: number, ...purpose: (string | number)[]) {
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, ...purpose]))
      .digest();
    this.#cipher = createCipheriv('aes-128-ctr', digest.subarray(0, 16), digest.subarray(16));
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#cipher.update(Buffer.alloc(count)));
  }

  /** From 0 up to but not including 1. */
  uniform(): number {
    if (this.#next === this.#words.length) {
      this.#words = new Uint32Array(this.bytes(BLOCK_BYTES).buffer);
      this.#next = 0;
    }
    return this.#words[this.#next++]! / 2 ** 32;
  }

  /** Normally distributed, with mean 0 and variance 1: the method of Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A copy in random order: the method of Fisher and Yates. */
  shuffled<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }
}
