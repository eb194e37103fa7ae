// Typed access to the fields of a config.json, with errors that name the field.

import { UserError } from '../errors.js';
import { isJsonObject, type Json, type JsonObject } from './files.js';

/** A null counts as absent, as in transformers, unless a method says otherwise. */
export class Fields {
  readonly #object: JsonObject;
  /** What stands before a field's name in errors: `config.json: ` or `config.json: rope_parameters.`. */
  readonly #at: string;

  constructor(object: JsonObject, at: string) {
    this.#object = object;
    this.#at = at;
  }

  has(key: string): boolean {
    return this.#object[key] != null;
  }

  /** Whether the field is written out as null, which is not the same as leaving it to its default. */
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
    // weights are computed with in float32
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
    return new Fields(value, `${this.#at}${key}.`);
  }

  /** Refuses any value but the one that is computed. */
  expect(key: string, only: Json): void {
    if ((this.#object[key] ?? only) !== only) throw this.bad(key, JSON.stringify(only));
  }

  keys(): string[] {
    return Object.keys(this.#object);
  }

  bad(key: string, expected: string): UserError {
    return new UserError(`${this.#at}${key}: expected ${expected}, found ${show(this.#object[key])}`);
  }
}

/** A value in a message, cut where it would fill the screen. */
function show(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
