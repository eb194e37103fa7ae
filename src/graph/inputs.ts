// A decoder's inputs beside its weights: the layout of the batch, and the options of the decoder.

import { BATCH_INPUTS, type BatchInputName } from '../onnx/contract.js';
import type { Graph, Value } from './graph.js';

/** The layout of a batch's rows, as values of the graph; onnx/contract.ts says what each one holds. */
export interface BatchInputs {
  readonly positions: Value;
  readonly gridRows: Value;
  readonly rowSlots: Value;
  readonly lengths: Value;
}

export function batchInputs(graph: Graph): BatchInputs {
  return {
    positions: batchInput(graph, 'positions'),
    gridRows: batchInput(graph, 'grid_rows'),
    rowSlots: batchInput(graph, 'row_slots'),
    lengths: batchInput(graph, 'lengths'),
  };
}

/** Declares one of the inputs that the engine feeds. */
export function batchInput(graph: Graph, name: BatchInputName): Value {
  return graph.input(name, 'int64', BATCH_INPUTS[name]);
}

export interface DecoderOptions {
  /** The first layer without the causal mask; the number of layers where every layer has it. */
  readonly bidirectionalFrom: number;
  /** Tokens of the longest sequence: the rotary tables have one row for each position up to it. */
  readonly maxLength: number;
  /** Whether attention reads keys and values of earlier tokens and gives its own back (past.ts). */
  readonly keepsPast?: boolean;
}
