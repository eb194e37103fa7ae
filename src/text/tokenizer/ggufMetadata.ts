// Typed access to what a GGUF file's metadata says of its tokenizer, with errors that name the key.
// Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, under "Tokenizer".

import { UserError } from '../../errors.js';

/** Values by key, as checkpoint/gguf.ts reads them: strings, numbers, booleans, lists of strings, packed numbers. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

/** What a user can do where the metadata is not enough. */
export const BRING_TOKENIZER =
  "Bring the model's tokenizer.json: give the folder that has it with --tokenizer";

/** The keys that begin with `tokenizer.ggml.`. */
export class TokenizerKeys {
  readonly #metadata: GgufMetadata;

  constructor(metadata: GgufMetadata) {
    this.#metadata = metadata;
  }

  has(key: string): boolean {
    return this.#metadata.has(full(key));
  }

  text(key: string, fallback?: string): string {
    const value = this.#metadata.get(full(key)) ?? fallback;
    if (typeof value !== 'string') throw this.bad(key, 'a string');
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#metadata.get(full(key)) ?? fallback;
    if (typeof value !== 'boolean') throw this.bad(key, 'true or false');
    return value;
  }

  /** A token's id, below `size`; `undefined` where there is no such key. */
  id(key: string, size: number): number | undefined {
    const value = this.#metadata.get(full(key));
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= size) {
      throw this.bad(key, `a token's id, 0 to ${size - 1}`);
    }
    return value;
  }

  strings(key: string): readonly string[] {
    const value = this.#metadata.get(full(key));
    if (!Array.isArray(value) || !value.every(item => typeof item === 'string')) {
      throw this.bad(key, 'a list of strings');
    }
    return value;
  }

  /** As many numbers as there are tokens. */
  numbers(key: string, size: number): readonly number[] {
    const value = this.#metadata.get(full(key));
    const numbers = ArrayBuffer.isView(value) ? Array.from(value as Float32Array, Number) : undefined;
    if (numbers?.length !== size) throw this.bad(key, `${size} numbers, one for each token`);
    return numbers;
  }

  bad(key: string, expected: string, found: unknown = this.#metadata.get(full(key))): UserError {
    return new UserError(
      `GGUF metadata: ${full(key)}: expected ${expected}, found ${show(found)}. ${BRING_TOKENIZER}`,
    );
  }
}

function full(key: string): string {
  return `tokenizer.ggml.${key}`;
}

/** A value in a message: lists by their length, strings in quotes and cut. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
  return typeof value === 'object' ? `a list of ${(value as ArrayLike<unknown>).length}` : String(value);
}
