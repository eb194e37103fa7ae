// How the values of a weight become bytes of the data file.

import { toFloat16 } from '../kernels/float16.js';
import { toInt8 } from '../kernels/int8.js';

export type FloatStorage = 'float32' | 'float16';

export const FLOAT_BYTES: Readonly<Record<FloatStorage, number>> = { float32: 4, float16: 2 };

/** Bytes, and where in the data file they belong. */
export interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Encodes rows from row `start` on. All bytes are little-endian, as ONNX wants and as ONNX Runtime's machines are. */
export type Encode = (values: Float32Array, start: number) => Promise<Chunk[]>;

/** Floats of `rowBytes` a row, from `offset` on. */
export function floatEncoder(storage: FloatStorage, offset: number, rowBytes: number): Encode {
  return async (values, start) => [
    {
      offset: offset + start * rowBytes,
      bytes: storage === 'float16' ? await toFloat16(values) : bytesOf(values),
    },
  ];
}

/** The order in which the bytes of an 8-bit weight are stored: as the checkpoint has them, or transposed. */
export type Int8Order = 'rows' | 'columns';

/** Bytes of `width` a row from `values` on, and a float32 scale for each row from `scales` on. */
export function int8Encoder(
  order: Int8Order,
  offsets: { values: number; scales: number },
  width: number,
): Encode {
  return async (values, start) => {
    const rows = toInt8(values, values.length / width, order === 'columns');
    return [
      { offset: offsets.values + start * width, bytes: bytesOf(rows.values) },
      { offset: offsets.scales + 4 * start, bytes: bytesOf(rows.scales) },
    ];
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
