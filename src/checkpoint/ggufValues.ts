// The values of a GGUF header's metadata.
// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (all little-endian).

import { UserError } from '../errors.js';
import type { HeaderReader } from './ggufHeaderReader.js';

/**
 * A 64-bit integer is a number where a number holds it exactly, and a bigint otherwise. Arrays of numbers are typed
 * arrays, in which booleans are 0 and 1.
 */
export type GgufValue = string | boolean | number | bigint | readonly string[] | PackedNumbers;

type PackedNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** Reads the value of `key`. `file` names the file in errors. Throws UserError for a type that the format lacks. */
export function readValue(reader: HeaderReader, key: string, file: string): GgufValue {
  const type = reader.uint32();
  if (type === STRING) return reader.string();
  if (type === ARRAY) return readArray(reader, key, file);
  const scalar = SCALARS[type];
  if (!scalar) throw new UserError(`${file}: ${key}: expected a GGUF value type, found ${type}`);
  const value = scalar.pack(reader.bytes(scalar.bytes))[0]!;
  if (type === BOOLEAN) return value !== 0;
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function readArray(reader: HeaderReader, key: string, file: string): readonly string[] | PackedNumbers {
  const type = reader.uint32();
  if (type === STRING) {
    const strings: string[] = [];
    for (let count = reader.count(`strings in ${key}`, 8); count > 0; count--) strings.push(reader.string());
    return strings;
  }
  const scalar = SCALARS[type];
  // The format has arrays of arrays as well. No model's file has one, and llama.cpp refuses them too.
  if (!scalar)
    throw new UserError(`${file}: ${key}: expected an array of strings or numbers, found type ${type}`);
  return scalar.pack(reader.bytes(reader.count(`numbers in ${key}`, scalar.bytes) * scalar.bytes));
}

// The format's numbers for types of values.
const BOOLEAN = 7;
const STRING = 8;
const ARRAY = 9;

interface Scalar {
  readonly bytes: number;
  readonly pack: (bytes: Buffer) => PackedNumbers;
}

const SCALARS: Readonly<Record<number, Scalar>> = {
  0: scalar(Uint8Array),
  1: scalar(Int8Array),
  2: scalar(Uint16Array),
  3: scalar(Int16Array),
  4: scalar(Uint32Array),
  5: scalar(Int32Array),
  6: scalar(Float32Array),
  [BOOLEAN]: scalar(Uint8Array),
  10: scalar(BigUint64Array),
  11: scalar(BigInt64Array),
  12: scalar(Float64Array),
};

function scalar(Packed: { new (buffer: ArrayBuffer): PackedNumbers; BYTES_PER_ELEMENT: number }): Scalar {
  // The bytes are copied into a buffer of their own, in which they are aligned.
  return { bytes: Packed.BYTES_PER_ELEMENT, pack: bytes => new Packed(new Uint8Array(bytes).buffer) };
}
