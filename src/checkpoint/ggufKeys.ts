// Typed access to a GGUF file's metadata, with errors that name the key.
// Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

import { UserError } from '../errors.js';
import { ggufValueText } from '../ggufValueText.js';
import type { GgufValue } from './ggufValues.js';

export type Metadata = ReadonlyMap<string, GgufValue>;

/**
 * The keys that begin with the architecture's name: `block_count` is `llama.block_count`. The methods throw UserError
 * where a value is of another type, or is absent and has no fallback.
 */
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
    if (!Number.isFinite(value)) throw this.bad(key, 'a number', value);
    return value as number;
  }

  text(key: string, fallback: string): string {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'string') throw this.bad(key, 'a string', value);
    return value;
  }

  /** The number of attention heads in every layer. Without head_count_kv, every head has its own keys and values. */
  headCount(key: 'head_count' | 'head_count_kv'): number {
    const fallback = key === 'head_count_kv' ? this.headCount('head_count') : undefined;
    const count = this.number(`attention.${key}`, fallback);
    if (!Number.isInteger(count) || count < 1) {
      throw this.bad(`attention.${key}`, 'a whole number above 0', count);
    }
    return count;
  }

  /** Refuses every value but `supported`. */
  expect(key: string, supported: GgufValue): void {
    const value = this.value(key) ?? supported;
    if (value !== supported) throw this.bad(key, `${supported}: nothing else is supported`, value);
  }

  /** The error for a key whose value is not the expected one. */
  bad(key: string, expected: string, found: GgufValue | undefined = this.value(key)): UserError {
    return badKey(`${this.#architecture}.${key}`, expected, found);
  }
}

/** The error for a key, given with its full name, whose value is not the expected one. */
export function badKey(key: string, expected: string, found: GgufValue | undefined): UserError {
  return new UserError(`GGUF metadata: ${key}: expected ${expected}, found ${ggufValueText(found)}`);
}
