// Encodes the values of a weight as bytes of the data file.

import { toFloat16 } from '../kernels/float16.js';
import { toInt8 } from '../kernels/int8.js';

export type FloatStorage = 'float32' | 'float16';

export const FLOAT_BYTES: Readonly<Record<FloatStorage, number>> = { float32: 4, float16: 2 };

/** Bytes and their offset in the data file. */
export interface Chunk {
  /** Bytes from the file's start. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Encodes whole rows, the first of which is row `start` of the weight. All bytes are little-endian, as ONNX requires; so
 * are all machines that ONNX Runtime runs on.
 */
export type Encode = (values: Float32Array, start: number) => Promise<Chunk[]>;

/** Encodes rows as floats. The weight starts at `offset` in the data file; a row takes `rowBytes`. */
export function floatEncoder(storage: FloatStorage, offset: number, rowBytes: number): Encode {
  return async (values, start) => [
    {
      offset: offset + start * rowBytes,
      bytes: storage === 'float16' ? await toFloat16(values) : bytesOf(values),
    },
  ];
}

/** The order of the bytes of an 8-bit weight: `rows` as in the checkpoint [out, in], `columns` transposed [in, out]. */
export type Int8Order = 'rows' | 'columns';

/**
 * Encodes rows of `width` values as signed bytes, and a float32 scale for each row. `offsets` are where the bytes and the
 * scales start in the data file.
 */
export function int8Encoder(
  order: Int8Order,
  offsets: { values: number; scales: number },
  width: number,
): Encode {
  return async (values, start) => {
    const rows = toInt8(values, values.length / width, order === 'columns');
    return [
      { offset: offsets.values + start * width, bytes: bytesOf(rows.values) },
      { offset: offsets.scales + FLOAT_BYTES.float32 * start, bytes: bytesOf(rows.scales) },
    ];
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
