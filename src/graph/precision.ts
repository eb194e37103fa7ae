// How weights are stored and multiplied. A precision is one object; blocks only say which weights they want.

import { ELEMENT_TYPES } from '../onnx/elementTypes.js';
import type { Graph, Value } from './graph.js';
import type { FloatStorage } from './storage.js';
import type { Weights } from './weights.js';

/**
 * Rows that are `values` [rows, width] times `steps` [rows, 1], or the values alone. A row's step goes through whatever
 * treats all of the row alike, so that it need not be multiplied out after each layer.
 */
export interface ScaledRows {
  readonly values: Value;
  readonly steps?: Value;
}

/** The rows themselves: [rows, width]. */
export function settled(graph: Graph, { values, steps }: ScaledRows): Value {
  return steps === undefined ? values : graph.node(`${values}.settled`, 'Mul', [values, steps]);
}

/**
 * The residual stream, the norms and the label head are float32 in every precision. What lies between a norm and the
 * residual, the inner values of attention and MLP, is of the precision's own type.
 */
export interface Precision {
  /** The type of inner values. */
  readonly inner: FloatStorage;
  /** Float32 to inner. */
  enter(x: Value): Value;
  /** Inner to float32. */
  leave(x: Value): Value;
  /**
   * x [rows, in] times the weight [out, in] of each module transposed, plus its bias where there is one: [rows, out]
   * each, inner. Modules that read the same x are asked for at once, so that it is prepared for them once.
   */
  linear(x: ScaledRows, modules: readonly string[]): ScaledRows[];
  /** Rows of the table [vocabulary, hidden] by ids [rows]: [rows, hidden], float32. */
  embedding(ids: Value, module: string): Value;
}

/** Weights as they are in the checkpoint. */
export function float32(graph: Graph, weights: Weights): Precision {
  return plain(graph, weights, 'float32', x => x);
}

/** Weights and inner values in half the bytes, for GPUs. (A CPU widens them again.) */
export function float16(graph: Graph, weights: Weights): Precision {
  return plain(graph, weights, 'float16', (x, type) =>
    graph.node(`${x}.${type}`, 'Cast', [x], { to: ELEMENT_TYPES[type] }),
  );
}

/** Weights in the checkpoint's own orientation: Gemm transposes while it packs. */
function plain(
  graph: Graph,
  weights: Weights,
  inner: FloatStorage,
  cast: (x: Value, type: FloatStorage) => Value,
): Precision {
  return {
    inner,
    enter: x => cast(x, inner),
    leave: x => cast(x, 'float32'),
    linear(x, modules) {
      const rows = settled(graph, x);
      return modules.map(module => {
        const inputs = [rows, weights.write(graph, `${module}.weight`, inner)];
        if (weights.has(`${module}.bias`)) inputs.push(weights.write(graph, `${module}.bias`, inner));
        return { values: graph.node(module, 'Gemm', inputs, { transB: 1 }) };
      });
    },
    embedding(ids, module) {
      const table = weights.write(graph, `${module}.weight`, inner);
      return cast(graph.node(module, 'Gather', [table, ids], { axis: 0 }), 'float32');
    },
  };
}
