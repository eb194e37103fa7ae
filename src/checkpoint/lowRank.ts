// What a low-rank update does to the rows of a weight: plain LoRA, or with trained magnitudes (DoRA).

import { giveBack } from '../kernels/buffers.js';
import { addLowRank } from '../kernels/lowRank.js';
import type { LowRankUpdate } from './adapter.js';
import type { TensorSource } from './tensors.js';

/** Rows `start` to `end` of a weight. */
export type RowReader = (start: number, end: number) => Promise<Float32Array>;

/** Reads rows of W' where `read` reads rows of W [rowCount, width]. The update's tensors are in `source`. */
export function rowMerger(
  update: LowRankUpdate,
  source: TensorSource,
  rowCount: number,
  read: RowReader,
): RowReader {
  const merged = async (start: number, end: number) => {
    const weight = await read(start, end);
    const { a, b } = await factors(update, source, start, end);
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

/** The rows of B, and A: of an embedding's transposed update, A's columns and B turned. */
async function factors(
  { kind, a, b, rank }: LowRankUpdate,
  source: TensorSource,
  start: number,
  end: number,
) {
  if (kind === 'linear') return { a: await source.read(a), b: await source.read(b, start, end) };
  const tokens = columns(await source.read(a), rank, start, end);
  const hidden = await source.read(b);
  return { a: columns(hidden, hidden.length / rank, 0, rank), b: tokens };
}

/** Gives each row its magnitude for a length: https://arxiv.org/abs/2402.09353 eq. 5. */
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

/** Rows read at once where all are looked through. */
const ROWS_AT_ONCE = 1024;

/** An embedding's magnitudes are of its columns, whose lengths take one pass over all rows: [width]. */
async function columnScales(
  read: RowReader,
  rowCount: number,
  magnitudes: Float32Array,
): Promise<Float32Array> {
  const width = magnitudes.length;
  const squares = new Float64Array(width);
  for (let start = 0; start < rowCount; start += ROWS_AT_ONCE) {
    const rows = await read(start, Math.min(start + ROWS_AT_ONCE, rowCount));
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

/** Columns `start` to `end` of a matrix of `rows` rows, each as a row. */
function columns(matrix: Float32Array, rows: number, start: number, end: number): Float32Array {
  const width = matrix.length / rows;
  const turned = new Float32Array((end - start) * rows);
  for (let column = start; column < end; column++) {
    for (let row = 0; row < rows; row++)
      turned[(column - start) * rows + row] = matrix[row * width + column]!;
  }
  return turned;
}
