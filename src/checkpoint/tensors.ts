// The interface that every checkpoint format offers: named tensors, read one at a time.

import { UserError } from '../errors.js';

export interface TensorInfo {
  readonly name: string;
  /** Element type as the file names it: F32, F16, BF16, Q4_1, ... */
  readonly dtype: string;
  /** Outermost dimension first, as Hugging Face writes it: a linear weight is [out, in]. */
  readonly shape: readonly number[];
}

export interface TensorSource {
  /** The base name of the file or folder that holds the tensors, for error messages. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Reads rows `start` to `end` of a tensor from disk as float32, row-major; all rows by default. The rows of a vector
   * are its elements. The returned array belongs to the caller, who may change it, or give its buffer back for reuse
   * (giveBack in kernels/buffers.ts): the source keeps no reference to it.
   * Throws UserError where the file holds no such tensor, holds it in a type that cannot be read, or is too short.
   */
  read(name: string, start?: number, end?: number): Promise<Float32Array>;
  close(): void;
}

/**
 * The same tensors under other names. Tensors for which `rename` returns undefined are left out.
 * Throws UserError where two tensors get the same name.
 */
export function renamed(source: TensorSource, rename: (name: string) => string | undefined): TensorSource {
  const originalNames = new Map<string, string>();
  for (const original of source.tensors.keys()) {
    const name = rename(original);
    if (name === undefined) continue;
    const other = originalNames.get(name);
    if (other !== undefined) {
      throw new UserError(`${source.name}: expected one tensor for ${name}, found ${other} and ${original}`);
    }
    originalNames.set(name, original);
  }
  return {
    name: source.name,
    tensors: new Map(
      [...originalNames].map(([name, original]) => [name, { ...source.tensors.get(original)!, name }]),
    ),
    read: (name, start, end) => source.read(originalNames.get(name) ?? name, start, end),
    close: () => source.close(),
  };
}

/** Elements in one row: 1 for a vector. */
export function rowWidth(shape: readonly number[]): number {
  return elementCount(shape.slice(1));
}

/** Elements in a tensor: 1 for a scalar, whose shape is []. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The number of parameters of a classifier. lm_head is not counted: it only predicts next tokens, and is not exported.
 */
export function parameterCount(tensors: TensorSource['tensors']): number {
  let count = 0;
  for (const { name, shape } of tensors.values()) {
    if (name !== 'lm_head.weight') count += elementCount(shape);
  }
  return count;
}
