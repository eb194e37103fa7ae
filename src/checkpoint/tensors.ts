// What every checkpoint format offers: named tensors, read one at a time.

import { UserError } from '../errors.js';

export interface TensorInfo {
  readonly name: string;
  /** Element type as the file names it: F32, F16, BF16, Q4_1, ... */
  readonly dtype: string;
  /** Outermost dimension first, as Hugging Face writes it: a linear weight is [out, in]. */
  readonly shape: readonly number[];
}

export interface TensorSource {
  /** Where the tensors come from, for error messages: a file's or folder's base name. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Reads rows `start` to `end` (all unless given) of a tensor from disk as float32, row-major; a vector's rows are
   * its elements. Throws UserError where the file is shorter than it says.
   */
  read(name: string, start?: number, end?: number): Promise<Float32Array>;
  close(): void;
}

/** The same tensors under other names, without those that `rename` gives none. Throws UserError where two get the same. */
export function renamed(source: TensorSource, rename: (name: string) => string | undefined): TensorSource {
  const stored = new Map<string, string>();
  for (const old of source.tensors.keys()) {
    const name = rename(old);
    if (name === undefined) continue;
    const other = stored.get(name);
    if (other !== undefined) {
      throw new UserError(`${source.name}: expected one tensor for ${name}, found ${other} and ${old}`);
    }
    stored.set(name, old);
  }
  return {
    name: source.name,
    tensors: new Map([...stored].map(([name, old]) => [name, { ...source.tensors.get(old)!, name }])),
    read: (name, start, end) => source.read(stored.get(name) ?? name, start, end),
    close: () => source.close(),
  };
}

/** Elements in one row: 1 for a vector. */
export function rowWidth(shape: readonly number[]): number {
  return elementCount(shape.slice(1));
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
