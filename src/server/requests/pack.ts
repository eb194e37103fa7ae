// Many arrays as two, to cross between threads: each array that a message holds takes time to send and to receive.

import type { Sequence } from '../../engine/sequence.js';
import type { Sliced } from '../../slices.js';

type Numbers = Int32Array | Float32Array;

/** Arrays laid end to end, and the length of each. */
export interface Packed<T extends Numbers> {
  readonly values: T;
  readonly lengths: Int32Array;
}

export interface PackedSequences {
  readonly ids: Packed<Int32Array>;
  readonly headPositions: Packed<Int32Array>;
}

const ARRAYS_PER_SLICE = 500;

export function* pack<T extends Numbers>(
  arrays: readonly T[],
  empty: (length: number) => T,
): Sliced<Packed<T>> {
  const lengths = Int32Array.from(arrays, ({ length }) => length);
  const values = empty(lengths.reduce((sum, length) => sum + length, 0));
  let start = 0;
  for (const [i, array] of arrays.entries()) {
    values.set(array, start);
    start += array.length;
    if (i % ARRAYS_PER_SLICE === 0) yield;
  }
  return { values, lengths };
}

/** The arrays, as views of the packed values. */
export function* unpack<T extends Numbers>({ values, lengths }: Packed<T>): Sliced<T[]> {
  const arrays: T[] = [];
  let start = 0;
  for (const [i, length] of lengths.entries()) {
    arrays.push(values.subarray(start, start + length) as T);
    start += length;
    if (i % ARRAYS_PER_SLICE === 0) yield;
  }
  return arrays;
}

const integers = (length: number) => new Int32Array(length);
export const floats = (length: number): Float32Array<ArrayBuffer> => new Float32Array(length);

export function* packSequences(sequences: readonly Sequence[]): Sliced<PackedSequences> {
  const ids = yield* pack(
    sequences.map(sequence => sequence.ids),
    integers,
  );
  const headPositions = yield* pack(
    sequences.map(sequence => sequence.headPositions),
    integers,
  );
  return { ids, headPositions };
}

export function* unpackSequences({ ids, headPositions }: PackedSequences): Sliced<Sequence[]> {
  const allIds = yield* unpack(ids);
  const allPositions = yield* unpack(headPositions);
  return allIds.map((own, i) => ({ ids: own, headPositions: allPositions[i]! }));
}

/** The memory that a message hands over instead of copying it. */
export function transfersOf(...packed: readonly Packed<Numbers>[]): ArrayBuffer[] {
  return packed.flatMap(({ values, lengths }) => [
    values.buffer as ArrayBuffer,
    lengths.buffer as ArrayBuffer,
  ]);
}
