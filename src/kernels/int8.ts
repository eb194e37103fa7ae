// float32 rows to 8 bits: each row in steps of its greatest value's 127th part, rounded to the nearest.

import { takeBytes, takeFloat32 } from './buffers.js';

const GREATEST = 127;

export interface Int8Rows {
  /** As many bytes as there were values, signed. */
  readonly values: Int8Array;
  /** The size of a step in each row. */
  readonly scales: Float32Array;
}

/** Row after row [rows, width], or column after column [width, rows] where `turned`. */
export function toInt8(values: Float32Array, rows: number, turned: boolean): Int8Rows {
  const width = values.length / rows;
  const scales = takeFloat32(rows);
  const bytes = takeBytes(values.length);
  const quantised = new Int8Array(bytes.buffer, 0, bytes.length);
  const [rowStride, stride] = turned ? [1, rows] : [width, 1];
  for (let row = 0; row < rows; row++) {
    let greatest = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      const size = Math.abs(values[i]!);
      if (size > greatest) greatest = size;
    }
    scales[row] = greatest / GREATEST;
    const steps = greatest > 0 ? GREATEST / greatest : 0;
    for (let i = 0, at = row * rowStride; i < width; i++, at += stride) {
      quantised[at] = Math.round(values[row * width + i]! * steps);
    }
  }
  return { values: quantised, scales };
}
