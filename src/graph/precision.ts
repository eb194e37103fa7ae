// How weights are stored and multiplied. A precision is one object; the blocks of a decoder only name their weights.

import { ELEMENT_TYPES } from '../onnx/elementTypes.js';
import type { Graph, Value } from './graph.js';
import type { FloatStorage } from './storage.js';
import type { Weights } from './weights.js';

/**
 * Rows whose true values are `values` [rows, width] times `scale` [rows, 1], or `values` alone where there is no scale.
 * An operation that treats all values of a row alike works on `values` and passes the scale on, so that the scale need
 * not be applied after each layer.
 */
export interface ScaledRows {
  readonly values: Value;
  readonly scale?: Value;
}

/** The true values of scaled rows: [rows, width]. */
export function applyScale(graph: Graph, { values, scale }: ScaledRows): Value {
  return scale === undefined ? values : graph.node(`${values}.scaled`, 'Mul', [values, scale]);
}

/**
 * The residual stream, the norms and the label head are float32 in every precision. The values between a norm and the
 * residual connection, inside attention and MLP, are inner values of the precision's own type.
 */
export interface Precision {
  /** The type of inner values. */
  readonly inner: FloatStorage;
  /** Converts float32 to inner values. */
  enter(x: Value): Value;
  /** Converts inner values to float32. */
  leave(x: Value): Value;
  /**
   * For each module, x [rows, in] times its weight [out, in] transposed, plus its bias where it has one: [rows, out],
   * inner values. Modules that read the same x are asked for together, so that x is quantised once for all of them.
   */
  linear(x: ScaledRows, modules: readonly string[]): ScaledRows[];
  /** The rows of an embedding table [vocabulary, hidden] that the ids [rows] name: [rows, hidden], float32. */
  embedding(ids: Value, module: string): Value;
}

/** Weights as they are in the checkpoint. */
export function float32(graph: Graph, weights: Weights): Precision {
  return floatPrecision(graph, weights, 'float32', x => x);
}

/** Weights and inner values in half the bytes, for GPUs. A CPU converts them back to float32. */
export function float16(graph: Graph, weights: Weights): Precision {
  return floatPrecision(graph, weights, 'float16', (x, type) =>
    graph.node(`${x}.${type}`, 'Cast', [x], { to: ELEMENT_TYPES[type] }),
  );
}

/** Weights stay in the checkpoint's orientation [out, in]: Gemm transposes them while it packs them. */
function floatPrecision(
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
      const rows = applyScale(graph, x);
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
