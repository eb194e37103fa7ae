// How weights are stored and multiplied. A precision is one object; blocks only say which weight they want.

import type { Graph, Value } from './graph.js';
import type { Weights } from './weights.js';

export interface Precision {
  /** x [rows, in] times the weight [out, in] transposed, plus its bias where there is one: [rows, out]. */
  linear(graph: Graph, weights: Weights, x: Value, module: string): Value;
  /** Rows of the table [vocabulary, hidden] by ids [rows]: [rows, hidden]. */
  embedding(graph: Graph, weights: Weights, ids: Value, module: string): Value;
}

/** Weights as they are in the checkpoint, in their own orientation: Gemm transposes while it packs. */
export const float32: Precision = {
  linear(graph, weights, x, module) {
    const inputs = [x, weights.write(graph, `${module}.weight`)];
    if (weights.has(`${module}.bias`)) inputs.push(weights.write(graph, `${module}.bias`));
    return graph.node(module, 'Gemm', inputs, { transB: 1 });
  },
  embedding(graph, weights, ids, module) {
    return graph.node(module, 'Gather', [weights.write(graph, `${module}.weight`), ids], { axis: 0 });
  },
};
