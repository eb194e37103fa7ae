// What a forward pass reads. It is apart from batch.ts, which loads ONNX Runtime, as the HTTP process never does.

/** One sequence of tokens for a forward pass. */
export interface Sequence {
  readonly ids: Int32Array;
  /** The positions whose rows the label head reads. Ignored where the model pools all rows. */
  readonly headPositions: Int32Array;
}

/** Some tokens of a sequence: those from `start` to before `end`. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

/** The number of tokens in all sequences together. */
export function countTokens(sequences: readonly Sequence[]): number {
  return sequences.reduce((sum, { ids }) => sum + ids.length, 0);
}
