// Streams weights to the data file, a piece of rows at a time. While one piece is encoded, the next is read and the last
// is written, so that memory stays at a few pieces however large the model is.

import { open } from 'node:fs/promises';
import { elementCount, rowWidth } from '../checkpoint/tensors.js';
import { giveBack } from '../kernels/buffers.js';
import type { Chunk, Encode } from './storage.js';

/** Reads rows `start` to `end` of a weight as float32. The caller owns the array. */
export type ReadRows = (start: number, end: number) => Promise<Float32Array>;

export interface StoredWeight {
  readonly shape: readonly number[];
  readonly read: ReadRows;
  readonly encode: Encode;
  /** Whether all rows are encoded at once, which transposing needs. */
  readonly isWhole: boolean;
}

/** Values in a piece: 2 MB, large enough for the merge's matrix product to pay, small enough for processor caches. */
const PIECE_VALUES = 1 << 19;

interface Piece {
  readonly weight: StoredWeight;
  readonly start: number;
  readonly end: number;
}

/** Writes every weight to `path`. Where reading or writing throws, this throws the same and the file is incomplete. */
export async function writeWeights(
  path: string,
  weights: readonly StoredWeight[],
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    let written: Promise<void> = Promise.resolve();
    for await (const [piece, values] of readAhead(weights)) {
      const chunks = await piece.weight.encode(values, piece.start);
      // Chunks of float32 share the buffer of `values`, which writeChunks gives back once they are written.
      if (chunks.every(({ bytes }) => bytes.buffer !== values.buffer)) giveBack(values);
      await written;
      written = writeChunks(chunks);
      // A failed write is reported where `written` is awaited; without this, Node would end the process before.
      written.catch(() => {});
    }
    await written;
  } finally {
    await file.close();
  }

  async function writeChunks(chunks: readonly Chunk[]): Promise<void> {
    for (const { offset, bytes } of chunks) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
      giveBack(bytes);
      onBytes(bytes.length);
    }
  }
}

/** Yields every piece with its values, and meanwhile reads the next one. */
async function* readAhead(weights: readonly StoredWeight[]): AsyncGenerator<[Piece, Float32Array]> {
  const all = pieces(weights);
  const readNext = () => {
    const { value: piece } = all.next();
    const values = piece?.weight.read(piece.start, piece.end);
    // A failed read is reported where `values` is awaited; without this, Node would end the process before.
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
    const step = weight.isWhole ? rows : Math.max(1, Math.floor(PIECE_VALUES / rowWidth(weight.shape)));
    if (elementCount(weight.shape) === 0) continue;
    for (let start = 0; start < rows; start += step) {
      yield { weight, start, end: Math.min(start + step, rows) };
    }
  }
}
