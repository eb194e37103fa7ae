// Packing a batch: sequences laid end to end as rows, and the grid that attention sees them in.

/** One sequence of tokens for a forward pass. */
export interface Sequence {
  readonly ids: Int32Array;
  /** Positions whose rows the label head reads, for models that read rows; empty for pooled ones. */
  readonly headPositions: Int32Array;
}

/** The graph's inputs, in its own names and shapes. `tokens` is the sum of the lengths, `length` the longest. */
export interface PackedBatch {
  readonly tokens: number;
  readonly batch: number;
  readonly length: number;
  readonly reads: number;
  readonly input_ids: BigInt64Array;
  readonly positions: BigInt64Array;
  readonly grid_rows: BigInt64Array;
  readonly row_slots: BigInt64Array;
  readonly lengths: BigInt64Array;
  readonly head_rows: BigInt64Array;
  readonly sequence_ids: BigInt64Array;
}

/** Packs at least one sequence, none of them empty. */
export function packBatch(sequences: readonly Sequence[]): PackedBatch {
  const batch = sequences.length;
  const length = Math.max(...sequences.map(sequence => sequence.ids.length));
  const tokens = sum(sequences, sequence => sequence.ids.length);
  const reads = sum(sequences, sequence => sequence.headPositions.length);
  const packed: PackedBatch = {
    tokens,
    batch,
    length,
    reads,
    input_ids: new BigInt64Array(tokens),
    positions: new BigInt64Array(tokens),
    // Padding slots keep row 0: a row that exists, and that no mask lets through.
    grid_rows: new BigInt64Array(batch * length),
    row_slots: new BigInt64Array(tokens),
    lengths: new BigInt64Array(batch),
    head_rows: new BigInt64Array(reads),
    sequence_ids: new BigInt64Array(tokens),
  };
  let row = 0;
  let read = 0;
  sequences.forEach(({ ids, headPositions }, sequence) => {
    for (const position of headPositions) packed.head_rows[read++] = BigInt(row + position);
    packed.lengths[sequence] = BigInt(ids.length);
    for (let position = 0; position < ids.length; position++, row++) {
      const slot = sequence * length + position;
      packed.input_ids[row] = BigInt(ids[position]!);
      packed.positions[row] = BigInt(position);
      packed.grid_rows[slot] = BigInt(row);
      packed.row_slots[row] = BigInt(slot);
      packed.sequence_ids[row] = BigInt(sequence);
    }
  });
  return packed;
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
