// Typed access to the tokenizer keys of a GGUF file's metadata, with errors that name the key.
// Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, under "Tokenizer".

import { UserError } from '../../../errors.js';
import { ggufValueText } from '../../../ggufValueText.js';

/** Values by key, as checkpoint/gguf.ts reads them: strings, numbers, booleans, lists of strings, typed arrays. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

/** Advice for a user whose file's metadata is not enough. */
const USE_TOKENIZER_JSON = "Give the folder that has the model's tokenizer.json with --tokenizer";

/** The keys that begin with `tokenizer.ggml.`, which every method takes without that prefix. */
export class TokenizerKeys {
  readonly #metadata: GgufMetadata;

  constructor(metadata: GgufMetadata) {
    this.#metadata = metadata;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  text(key: string): string {
    const value = this.#get(key);
    if (typeof value !== 'string') throw this.invalid(key, 'a string');
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#get(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.invalid(key, 'true or false');
    return value;
  }

  /** A token's id, below `size`; `undefined` if the key is missing. */
  id(key: string, size: number): number | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= size) {
      throw this.invalid(key, `a token's id, 0 to ${size - 1}`);
    }
    return value;
  }

  strings(key: string): readonly string[] {
    const value = this.#get(key);
    if (!Array.isArray(value) || !value.every(item => typeof item === 'string')) {
      throw this.invalid(key, 'a list of strings');
    }
    return value;
  }

  /** One number for each of `size` tokens. */
  numbers(key: string, size: number): readonly number[] {
    const value = this.#get(key);
    const numbers = ArrayBuffer.isView(value) ? Array.from(value as Float32Array, Number) : undefined;
    if (numbers?.length !== size) throw this.invalid(key, `${size} numbers, one for each token`);
    return numbers;
  }

  /** The error for a key. `found` is the key's value unless a part of it is named. */
  invalid(key: string, expected: string, found: unknown = this.#get(key)): UserError {
    return new UserError(
      `GGUF metadata: ${fullKey(key)}: expected ${expected}, found ${ggufValueText(found)}. ${USE_TOKENIZER_JSON}`,
    );
  }

  #get(key: string): unknown {
    return this.#metadata.get(fullKey(key));
  }
}

function fullKey(key: string): string {
  return `tokenizer.ggml.${key}`;
}
