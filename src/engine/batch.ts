// Packs a batch: its sequences laid end to end as rows, and the grid in which attention sees them.

import { BATCH_INPUTS, type BatchDimension, type BatchInputName } from '../onnx/contract.js';
import { Tensor } from '../onnx/runtime.js';
import { type Chunk, countTokens, type Sequence } from './sequence.js';

/** The inputs of the graph; onnx/contract.ts says what each one holds. */
export interface PackedBatch {
  readonly sizes: Readonly<Record<BatchDimension, number>>;
  readonly inputs: Readonly<Record<BatchInputName, BigInt64Array>>;
}

/**
 * Packs sequences. The length of the grid is a multiple of `lengthStep`. Throws where there is no sequence, or one of
 * them is empty.
 */
export function packBatch(sequences: readonly Sequence[], lengthStep = 1): PackedBatch {
  if (sequences.length === 0) throw new Error('expected a batch of at least one sequence, found none');
  const sizes = {
    tokens: countTokens(sequences),
    batch: sequences.length,
    length: Math.ceil(Math.max(...sequences.map(({ ids }) => ids.length)) / lengthStep) * lengthStep,
    reads: sequences.reduce((reads, { headPositions }) => reads + headPositions.length, 0),
  };
  const inputs = zeroInputs(sizes);
  let row = 0;
  let read = 0;
  for (const [sequence, { ids, headPositions }] of sequences.entries()) {
    if (ids.length === 0)
      throw new Error(`expected a token in every sequence, found none in sequence ${sequence}`);
    for (const position of headPositions) inputs.head_rows[read++] = BigInt(row + position);
    inputs.lengths[sequence] = BigInt(ids.length);
    for (let position = 0; position < ids.length; position++, row++) {
      const slot = sequence * sizes.length + position;
      inputs.input_ids[row] = BigInt(ids[position]!);
      inputs.positions[row] = BigInt(position);
      inputs.grid_rows[slot] = BigInt(row);
      inputs.row_slots[row] = BigInt(slot);
      inputs.sequence_ids[row] = BigInt(sequence);
    }
  }
  return { sizes, inputs };
}

/**
 * Packs some tokens of a sequence, whose earlier tokens earlier passes have run. The graph has to read a row: where the
 * head reads none of these tokens, it reads the first of them.
 */
export function packChunk({ ids, headPositions }: Sequence, { start, end }: Chunk): PackedBatch {
  const own = headPositions.filter(position => position >= start && position < end);
  const rows = own.length > 0 ? own.map(position => position - start) : Int32Array.of(0);
  const { sizes, inputs } = packBatch([{ ids: ids.subarray(start, end), headPositions: rows }]);
  for (let row = 0; row < sizes.tokens; row++) inputs.positions[row] = BigInt(start + row);
  // Some rotary positions depend on the length of the whole sequence.
  inputs.lengths[0] = BigInt(ids.length);
  return { sizes, inputs };
}

/** The inputs that a graph has, by their names, as ONNX Runtime takes them. */
export function batchTensors(
  { sizes, inputs }: PackedBatch,
  names: readonly string[],
): Record<string, Tensor> {
  const isBatchInput = (name: string): name is BatchInputName => name in BATCH_INPUTS;
  return Object.fromEntries(
    names.filter(isBatchInput).map(name => {
      const shape = BATCH_INPUTS[name].map(dimension => sizes[dimension]);
      return [name, new Tensor('int64', inputs[name], shape)];
    }),
  );
}

function zeroInputs(sizes: PackedBatch['sizes']): PackedBatch['inputs'] {
  const inputs = Object.entries(BATCH_INPUTS).map(([name, dimensions]) => {
    const elements = dimensions.reduce((product, dimension) => product * sizes[dimension], 1);
    return [name, new BigInt64Array(elements)];
  });
  return Object.fromEntries(inputs) as PackedBatch['inputs'];
}
