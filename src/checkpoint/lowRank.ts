// Applies a low-rank update to the rows of a weight as they are read: plain LoRA, or LoRA with magnitudes (DoRA).

import { giveBack } from '../kernels/buffers.js';
import { addLowRank } from '../kernels/lowRank.js';
import type { LowRankUpdate } from './adapter.js';
import type { TensorSource } from './tensors.js';

/** Reads rows `start` to `end` of a weight. The array belongs to the caller, as in TensorSource.read. */
export type RowReader = (start: number, end: number) => Promise<Float32Array>;

/** Returns a reader of the rows of W', given a reader of W [rowCount, width]. The update's tensors are in `source`. */
export function rowMerger(
  update: LowRankUpdate,
  source: TensorSource,
  rowCount: number,
  read: RowReader,
): RowReader {
  const merged = async (start: number, end: number) => {
    const weight = await read(start, end);
    const { a, b } = await lowRankFactors(update, source, start, end);
    await addLowRank(weight, b, a, update.rank, update.scale);
    giveBack(a);
    giveBack(b);
    return weight;
  };
  const { magnitude } = update;
  if (magnitude === undefined) return merged;
  if (update.kind === 'linear') {
    return async (start, end) =>
      scaleRows(await merged(start, end), await source.read(magnitude, start, end));
  }
  let scales: Promise<Float32Array> | undefined;
  return async (start, end) => {
    scales ??= columnScales(merged, rowCount, await source.read(magnitude));
    return scaleColumns(await merged(start, end), await scales);
  };
}

/**
 * A [rank, width] and rows `start` to `end` of B [rows, rank]. An embedding's update is stored transposed, so its B takes
 * the place of A, and its A that of B.
 */
async function lowRankFactors(
  { kind, a, b, rank }: LowRankUpdate,
  source: TensorSource,
  start: number,
  end: number,
) {
  if (kind === 'linear') return { a: await source.read(a), b: await source.read(b, start, end) };
  const tokens = transposedColumns(await source.read(a), rank, start, end);
  const hidden = await source.read(b);
  return { a: transposedColumns(hidden, hidden.length / rank, 0, rank), b: tokens };
}

/** Scales each row to the length that its magnitude gives: https://arxiv.org/abs/2402.09353 eq. 5. */
function scaleRows(rows: Float32Array, magnitudes: Float32Array): Float32Array {
  const width = rows.length / magnitudes.length;
  magnitudes.forEach((magnitude, row) => {
    const values = rows.subarray(row * width, (row + 1) * width);
    let squares = 0;
    for (const value of values) squares += value * value;
    const factor = Math.fround(magnitude / Math.fround(Math.sqrt(squares)));
    for (let i = 0; i < width; i++) values[i]! *= factor;
  });
  return rows;
}

/** The number of rows that are read at a time where a computation needs all of them. */
const CHUNK_ROWS = 1024;

/**
 * The factor of each column [width] that gives it the length of its magnitude. An embedding has magnitudes for its
 * columns, and the length of a column is known only after a pass over all rows.
 */
async function columnScales(
  read: RowReader,
  rowCount: number,
  magnitudes: Float32Array,
): Promise<Float32Array> {
  const width = magnitudes.length;
  const squares = new Float64Array(width);
  for (let start = 0; start < rowCount; start += CHUNK_ROWS) {
    const rows = await read(start, Math.min(start + CHUNK_ROWS, rowCount));
    rows.forEach((value, i) => {
      squares[i % width]! += value * value;
    });
    giveBack(rows);
  }
  return magnitudes.map((magnitude, i) => magnitude / Math.fround(Math.sqrt(squares[i]!)));
}

function scaleColumns(rows: Float32Array, scales: Float32Array): Float32Array {
  for (let i = 0; i < rows.length; i++) rows[i]! *= scales[i % scales.length]!;
  return rows;
}

/** Columns `start` to `end` of a matrix of `rows` rows, each as a row of the result [end - start, rows]. */
function transposedColumns(matrix: Float32Array, rows: number, start: number, end: number): Float32Array {
  const width = matrix.length / rows;
  const transposed = new Float32Array((end - start) * rows);
  for (let column = start; column < end; column++) {
    for (let row = 0; row < rows; row++)
      transposed[(column - start) * rows + row] = matrix[row * width + column]!;
  }
  return transposed;
}
