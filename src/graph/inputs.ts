// What a decoder is told beside its weights: the batch, and how it is to be read.

import type { Graph, Value } from './graph.js';

/** Where the rows of a batch stand, sequence after sequence. All int64; names as in the graph's inputs. */
export interface BatchInputs {
  /** Each row's position in its own sequence: [tokens]. */
  readonly positions: Value;
  /** The row in each slot of the grid; padding slots hold any row: [batch, length]. */
  readonly gridRows: Value;
  /** The slot, counted through the flattened grid, of each row: [tokens]. */
  readonly rowSlots: Value;
  /** Tokens of each sequence: [batch]. */
  readonly lengths: Value;
}

export function batchInputs(graph: Graph): BatchInputs {
  return {
    positions: graph.input('positions', ['tokens']),
    gridRows: graph.input('grid_rows', ['batch', 'length']),
    rowSlots: graph.input('row_slots', ['tokens']),
    lengths: graph.input('lengths', ['batch']),
  };
}

export interface DecoderOptions {
  /** The first layer without the causal mask; `layers` for none. */
  readonly bidirectionalFrom: number;
  /** The longest sequence: how far the rotary tables reach. */
  readonly maxLength: number;
}
