// What every checkpoint format offers: named tensors, read one at a time.

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
  /** Reads one tensor from disk as float32, row-major. Throws UserError where the file is shorter than it says. */
  read(name: string): Float32Array;
  close(): void;
}
