// Weights to the data file, a piece of rows at a time: while one piece is worked on, the next is being read and the
// last written, so that memory stays at a few pieces however large the model is.

import { open } from 'node:fs/promises';
import { elementCount, rowWidth } from '../checkpoint/tensors.js';
import { giveBack } from '../kernels/buffers.js';
import { toFloat16 } from '../kernels/float16.js';

/** How a weight is stored. */
export type Storage = 'float32' | 'float16';

export const STORAGE_BYTES: Readonly<Record<Storage, number>> = { float32: 4, float16: 2 };

/** Rows `start` to `end` of a weight, as float32. */
export type ReadRows = (start: number, end: number) => Promise<Float32Array>;

export interface StoredWeight {
  readonly shape: readonly number[];
  readonly storage: Storage;
  /** Where it starts in the data file. Bytes. */
  readonly offset: number;
  readonly read: ReadRows;
}

/** Values in a piece. Large enough for the matrix product to pay, small enough for the processor's caches: 2 MB. */
const PIECE_VALUES = 1 << 19;

interface Piece {
  readonly weight: StoredWeight;
  readonly start: number;
  readonly end: number;
  /** In the data file. Bytes. */
  readonly offset: number;
}

/** Throws what reading or writing throws; the file is then of no use. */
export async function writeWeights(
  path: string,
  weights: readonly StoredWeight[],
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    let written: Promise<void> = Promise.resolve();
    for await (const [piece, values] of readAhead(weights)) {
      const bytes = await encode(values, piece.weight.storage);
      if (bytes.buffer !== values.buffer) giveBack(values);
      await written;
      written = writeAll(bytes, piece.offset).then(() => giveBack(bytes));
      // a failure is met where it is awaited
      written.catch(() => {});
    }
    await written;
  } finally {
    await file.close();
  }

  async function writeAll(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
    onBytes(bytes.length);
  }
}

/** Every piece with its values, the next one being read meanwhile. */
async function* readAhead(weights: readonly StoredWeight[]): AsyncGenerator<[Piece, Float32Array]> {
  const all = pieces(weights);
  const readNext = () => {
    const { value: piece } = all.next();
    const values = piece?.weight.read(piece.start, piece.end);
    values?.catch(() => {});
    return piece && ([piece, values] as const);
  };
  for (let next = readNext(); next; ) {
    const [piece, values] = next;
    const read = await values!;
    next = readNext();
    yield [piece, read];
  }
}

function* pieces(weights: readonly StoredWeight[]): Generator<Piece, undefined> {
  for (const weight of weights) {
    const rows = weight.shape[0] ?? 1;
    const rowBytes = rowWidth(weight.shape) * STORAGE_BYTES[weight.storage];
    const step = Math.max(1, Math.floor(PIECE_VALUES / rowWidth(weight.shape)));
    if (elementCount(weight.shape) === 0) continue;
    for (let start = 0; start < rows; start += step) {
      yield { weight, start, end: Math.min(start + step, rows), offset: weight.offset + start * rowBytes };
    }
  }
}

/** Little-endian, as ONNX's raw data is and as is every machine that ONNX Runtime runs on. */
async function encode(values: Float32Array, storage: Storage): Promise<Uint8Array> {
  if (storage === 'float16') return toFloat16(values);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
