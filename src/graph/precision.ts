// How weights are stored and multiplied. A precision is one object; blocks only say which weight they want.

import type { Graph, Value } from './graph.js';
import type { Storage } from './stream.js';
import type { Weights } from './weights.js';

/**
 * The residual stream, the norms and the label head are float32 in every precision. What lies between a norm and the
 * residual, the inner values of attention and MLP, is of the precision's own type.
 */
export interface Precision {
  /** The type of inner values. */
  readonly inner: Storage;
  /** Float32 to inner. */
  enter(graph: Graph, x: Value): Value;
  /** Inner to float32. */
  leave(graph: Graph, x: Value): Value;
  /** x [rows, in] times the weight [out, in] transposed, plus its bias where there is one: [rows, out], inner. */
  linear(graph: Graph, weights: Weights, x: Value, module: string): Value;
  /** Rows of the table [vocabulary, hidden] by ids [rows]: [rows, hidden], float32. */
  embedding(graph: Graph, weights: Weights, ids: Value, module: string): Value;
}

/** ONNX's numbers of element types. */
const ONNX_TYPE: Readonly<Record<Storage, number>> = { float32: 1, float16: 10 };

/** Weights as they are in the checkpoint. */
export const float32: Precision = plain('float32', (_graph, x) => x);

/** Weights and inner values in half the bytes, for GPUs. (A CPU widens them again.) */
export const float16: Precision = plain('float16', (graph, x, type) =>
  graph.node(`${x}.${type}`, 'Cast', [x], { to: ONNX_TYPE[type] }),
);

/** Weights in the checkpoint's own orientation: Gemm transposes while it packs. */
function plain(inner: Storage, cast: (graph: Graph, x: Value, type: Storage) => Value): Precision {
  return {
    inner,
    enter: (graph, x) => cast(graph, x, inner),
    leave: (graph, x) => cast(graph, x, 'float32'),
    linear(graph, weights, x, module) {
      const inputs = [x, weights.write(graph, `${module}.weight`, inner)];
      if (weights.has(`${module}.bias`)) inputs.push(weights.write(graph, `${module}.bias`, inner));
      return graph.node(module, 'Gemm', inputs, { transB: 1 });
    },
    embedding(graph, weights, ids, module) {
      const table = weights.write(graph, `${module}.weight`, inner);
      return cast(graph, graph.node(module, 'Gather', [table, ids], { axis: 0 }), 'float32');
    },
  };
}
