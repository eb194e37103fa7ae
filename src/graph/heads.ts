// The label head: the rows that it reads, and how the logits of a sequence's rows are pooled.

import type { Head } from '../checkpoint/head.js';
import { LOGITS } from '../onnx/contract.js';
import { ELEMENT_TYPES } from '../onnx/elementTypes.js';
import type { GraphContext } from './context.js';
import type { PickRows } from './decoder.js';
import type { Graph, Value } from './graph.js';
import { batchInput } from './inputs.js';
import { float32 } from './precision.js';

/**
 * How the head reads a batch. `rows`: it gives one row of logits for each row that the input `head_rows` names (the last
 * token of each sequence, or the first token of each word). `mean` and `max`: it reads every row, and the logits of each
 * sequence are pooled.
 */
export type Readout = 'rows' | 'mean' | 'max';

/** Makes the function that picks the rows which the head reads: [tokens, width] to [reads, width]. */
export function rowReader(graph: Graph, readout: Readout): PickRows {
  if (readout !== 'rows') return x => x;
  const rows = batchInput(graph, 'head_rows');
  return x => graph.node(`${x}.read`, 'Gather', [x, rows], { axis: 0 });
}

/** Adds the head, which computes logits from normed rows, as the graph's output: [reads, labels], or [batch, labels]. */
export function labelHead(
  { graph, weights, batch }: GraphContext,
  head: Head,
  normed: Value,
  readout: Readout,
): void {
  const { lengths } = batch;
  const module = head.weight.slice(0, -'.weight'.length);
  const [perRow] = float32(graph, weights).linear({ values: normed }, [module]);
  if (readout === 'rows') {
    graph.node(LOGITS, 'Identity', [perRow!.values]);
    graph.output(LOGITS, 'float32', ['reads', head.rows]);
    return;
  }
  const pooled = poolRows(graph, perRow!.values, lengths, head.rows, readout);
  if (readout === 'max') {
    graph.node(LOGITS, 'Identity', [pooled]);
  } else {
    const counts = graph.node('pool.counts', 'Cast', [lengths], { to: ELEMENT_TYPES.float32 });
    const last = graph.constant('pool.last_axis', [1], BigInt64Array.of(1n));
    graph.node(LOGITS, 'Div', [pooled, graph.node('pool.divisor', 'Unsqueeze', [counts, last])]);
  }
  graph.output(LOGITS, 'float32', ['batch', head.rows]);
}

/**
 * Sums the rows of each sequence, or takes their maximum: [tokens, labels] to [batch, labels]. ScatterElements adds rows
 * one after another in their order, so the other sequences of a batch cannot change how a sum is rounded.
 */
function poolRows(
  graph: Graph,
  perRow: Value,
  lengths: Value,
  labels: number,
  readout: 'mean' | 'max',
): Value {
  const start = graph.constant('pool.start', [1], Float32Array.of(readout === 'max' ? -Infinity : 0));
  const width = graph.constant('pool.width', [1], BigInt64Array.of(BigInt(labels)));
  const axis = graph.constant('pool.axis', [1], BigInt64Array.of(1n));
  const shape = graph.node('pool.shape', 'Concat', [graph.node('pool.batch', 'Shape', [lengths]), width], {
    axis: 0,
  });
  const empty = graph.node('pool.empty', 'Expand', [start, shape]);
  const sequences = graph.node('pool.sequences', 'Unsqueeze', [batchInput(graph, 'sequence_ids'), axis]);
  const indices = graph.node('pool.indices', 'Expand', [
    sequences,
    graph.node('pool.rows_shape', 'Shape', [perRow]),
  ]);
  return graph.node('pool.rows', 'ScatterElements', [empty, indices, perRow], {
    axis: 0,
    reduction: readout === 'max' ? 'max' : 'add',
  });
}
