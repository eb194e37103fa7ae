// Typed access to the fields of a config.json, with errors that name the field.

import { UserError } from '../errors.js';
import { isJsonObject, type Json, type JsonObject, shown } from './files.js';

/**
 * The fields of one JSON object. A field that is null counts as absent, as in transformers, unless a method says
 * otherwise. The methods throw UserError where a field is of another type, or is absent and has no fallback.
 */
export class Fields {
  readonly #object: JsonObject;
  readonly #prefix: string;

  /** `prefix` precedes a field's name in errors: `config.json: ` or `config.json: rope_parameters.`. */
  constructor(object: JsonObject, prefix: string) {
    this.#object = object;
    this.#prefix = prefix;
  }

  has(key: string): boolean {
    return this.#object[key] != null;
  }

  /** Whether the field is present and null, for fields where null means something other than the default. */
  isNull(key: string): boolean {
    return this.#object[key] === null;
  }

  value(key: string): Json | undefined {
    return this.#object[key] ?? undefined;
  }

  text(key: string, fallback?: string): string {
    const value = this.#object[key] ?? fallback;
    if (typeof value !== 'string') throw this.bad(key, 'a string');
    return value;
  }

  number(key: string, fallback?: number): number {
    const value = this.#object[key] ?? fallback;
    // Computations are in float32, so the number has to be finite there.
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) throw this.bad(key, 'a number');
    return value;
  }

  positive(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (value <= 0) throw this.bad(key, 'a number above 0');
    return value;
  }

  count(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isSafeInteger(value) || value < 1) throw this.bad(key, 'a whole number above 0');
    return value;
  }

  flag(key: string, fallback = false): boolean {
    const value = this.#object[key] ?? fallback;
    if (typeof value !== 'boolean') throw this.bad(key, 'true or false');
    return value;
  }

  numbers(key: string): number[] {
    const value = this.#object[key];
    if (!Array.isArray(value) || !value.every(item => typeof item === 'number' && Number.isFinite(item))) {
      throw this.bad(key, 'a list of numbers');
    }
    return value as number[];
  }

  object(key: string): Fields | undefined {
    const value = this.#object[key];
    if (value == null) return undefined;
    if (!isJsonObject(value)) throw this.bad(key, 'an object');
    return new Fields(value, `${this.#prefix}${key}.`);
  }

  /** Refuses every value but `supported`. */
  expect(key: string, supported: Json): void {
    if ((this.#object[key] ?? supported) !== supported) throw this.bad(key, JSON.stringify(supported));
  }

  keys(): string[] {
    return Object.keys(this.#object);
  }

  /** The error for a field whose value is not the expected one. */
  bad(key: string, expected: string): UserError {
    return new UserError(`${this.#prefix}${key}: expected ${expected}, found ${shown(this.#object[key])}`);
  }
}
