// Typed access to a GGUF file's metadata, with errors that name the key.
// Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

import { UserError } from '../errors.js';
import type { GgufValue } from './gguf.js';

export type Metadata = ReadonlyMap<string, GgufValue>;

/** The keys under the architecture's name: `block_count` is `llama.block_count`. */
export class GgufKeys {
  readonly #metadata: Metadata;
  readonly #architecture: string;

  constructor(metadata: Metadata, architecture: string) {
    this.#metadata = metadata;
    this.#architecture = architecture;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  value(key: string): GgufValue | undefined {
    return this.#metadata.get(`${this.#architecture}.${key}`);
  }

  number(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'number') throw this.bad(key, 'a number', value);
    return value;
  }

  text(key: string, fallback: string): string {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'string') throw this.bad(key, 'a string', value);
    return value;
  }

  /** Attention heads of every layer; where no key-value heads are told apart, every head has its own. */
  headCount(key: 'head_count' | 'head_count_kv'): number {
    const fallback = key === 'head_count_kv' ? this.headCount('head_count') : undefined;
    const count = this.number(`attention.${key}`, fallback);
    if (!Number.isInteger(count) || count < 1) {
      throw this.bad(`attention.${key}`, 'a whole number above 0', count);
    }
    return count;
  }

  /** Refuses any value but the one that is computed. */
  expect(key: string, only: GgufValue): void {
    const value = this.value(key) ?? only;
    if (value !== only) throw this.bad(key, `${only}: nothing else is supported`, value);
  }

  bad(key: string, expected: string, found: GgufValue | undefined = this.value(key)): UserError {
    return badKey(`${this.#architecture}.${key}`, expected, found);
  }
}

export function badKey(key: string, expected: string, found: GgufValue | undefined): UserError {
  const shown = typeof found === 'object' ? `a list of ${found.length}` : (found ?? 'nothing');
  return new UserError(`GGUF metadata: ${key}: expected ${expected}, found ${shown}`);
}
