// Reads users' files, as JSON documents or as ranges of bytes, with errors that name the file.

import { closeSync, fstatSync, openSync, read, readFileSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../errors.js';
import { parseJson } from '../json.js';
import { takeBytes } from '../kernels/buffers.js';
import { decodeUtf8 } from '../utf8.js';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON value as an error message shows it: long ones are cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/**
 * Reads a JSON object. Errors call the file `name`. Throws UserError where the file cannot be read or does not hold a
 * JSON object in UTF-8.
 */
export function readJsonObject(path: string, name = basename(path)): JsonObject {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw readError(path, error);
  }
  return parseJsonObject(bytes, name);
}

/** Parses the content of the file `name`. Throws UserError where it is not a JSON object in UTF-8. */
export function parseJsonObject(bytes: Uint8Array, name: string): JsonObject {
  const value = parseJson(decodeUtf8(bytes, name), name);
  if (!isJsonObject(value)) throw new UserError(`${name}: expected a JSON object, found ${shown(value)}`);
  return value;
}

const readAsync = promisify(read);

/** A file that is open for reads at any offset. */
export class RandomAccessFile {
  readonly name: string;
  readonly size: number;
  readonly #descriptor: number;

  constructor(path: string) {
    this.name = basename(path);
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      throw readError(path, error);
    }
    const stat = fstatSync(this.#descriptor);
    if (!stat.isFile()) {
      closeSync(this.#descriptor);
      throw new UserError(`${path}: expected a file, found a folder or a device`);
    }
    this.size = stat.size;
  }

  /**
   * Reads exactly `length` bytes. The returned array belongs to the caller, who may give it back (kernels/buffers.ts).
   * Throws UserError where the file ends before that.
   */
  readSync(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#allocate(offset, length);
    for (let done = 0; done < length; ) {
      done += this.#notZero(readSync(this.#descriptor, bytes, done, length - done, offset + done));
    }
    return bytes;
  }

  /** Like readSync, without blocking the thread. `length` has to be less than 2 GiB. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#allocate(offset, length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await readAsync(
        this.#descriptor,
        bytes,
        done,
        length - done,
        offset + done,
      ).catch(error => Promise.reject(readError(this.name, error)));
      done += this.#notZero(bytesRead);
    }
    return bytes;
  }

  /** Throws UserError unless the bytes from `offset` on lie within the file, so that as much may be allocated for them. */
  checkRange(offset: number, length: number): void {
    const isWithin = [offset, length, offset + length].every(
      size => Number.isSafeInteger(size) && size >= 0 && size <= this.size,
    );
    if (isWithin) return;
    throw new UserError(
      `${this.name}: expected ${length} bytes at offset ${offset}, found the end of the file at ${this.size}: the file is truncated or damaged`,
    );
  }

  #allocate(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.checkRange(offset, length);
    return takeBytes(length);
  }

  #notZero(count: number): number {
    if (count === 0) throw new UserError(`${this.name}: the file became shorter while it was read`);
    return count;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The error for a user whose file at `path` could not be opened or read. */
export function readError(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new UserError(`${path}: no such file`);
  if (code === 'EISDIR') return new UserError(`${path}: expected a file, found a folder`);
  return new UserError(`${path}: cannot be read (${code ?? (error as Error).message})`);
}
