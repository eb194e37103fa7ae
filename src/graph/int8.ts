// Integer products on CPUs. Weights have 8 bits and one scale for each output channel. Activations are quantised while
// the graph runs: each row at a scale of its own, or every row at one scale that was fixed at export. Neither depends
// on other rows, so a text's logits do not depend on the rest of its batch.

import { INT8_MAX } from '../kernels/int8.js';
import type { Graph, Value } from './graph.js';
import { applyScale, float32, type Precision, type ScaledRows } from './precision.js';
import type { Weights } from './weights.js';

/** Activations are unsigned bytes around this zero point, weights are signed: the pair that processors multiply fastest. */
const ZERO_POINT = 128;

/** Bytes [rows, width]. Their true values are (byte - ZERO_POINT) * tensorScale, times `scale` where rows have one. */
interface QuantisedRows extends ScaledRows {
  readonly tensorScale: Value;
}

/** How a linear layer is quantised. */
export interface Int8Choice {
  readonly stored: 'int8' | 'float32';
  /** The scale (quantisation step) of the layer's whole input; null where each of its rows has its own. */
  readonly step: number | null;
}

/** The precision int8. `choices` are by module name; linear layers without one are quantised row by row. */
export function int8(graph: Graph, weights: Weights, choices: ReadonlyMap<string, Int8Choice>): Precision {
  const plain = float32(graph, weights);
  const axis = graph.constant('int8.axis', [1], BigInt64Array.of(1n));
  const inverseMax = graph.constant('int8.inverse_max', [], Float32Array.of(1 / INT8_MAX));
  const one = graph.constant('int8.one', [], Float32Array.of(1));
  const zeroPoint = graph.constant('int8.zero_point', [], Uint8Array.of(ZERO_POINT));
  return {
    ...plain,
    linear(x, modules) {
      const { stored = 'int8', step = null } = choices.get(modules[0]!) ?? {};
      if (stored === 'float32') return plain.linear(x, modules);
      const quantised =
        step === null ? quantiseByRow(x, weights.width(`${modules[0]!}.weight`)) : quantiseAt(step, x);
      return modules.map(module => multiply(quantised, module));
    },
    embedding(ids, module) {
      const { values, scales } = weights.writeInt8(graph, `${module}.weight`, 'rows');
      const rows = graph.node(`${module}.values`, 'Gather', [values, ids], { axis: 0 });
      const rowScales = graph.node(`${module}.scales`, 'Gather', [scales, ids], { axis: 0 });
      return graph.node(module, 'DequantizeLinear', [rows, rowScales], { axis: 0 });
    },
  };

  /** Quantises every row at one scale. Values out of range are clamped. */
  function quantiseAt(scale: number, x: ScaledRows): QuantisedRows {
    const rows = applyScale(graph, x);
    const tensorScale = graph.constant(`${rows}.tensor_scale`, [], Float32Array.of(scale));
    const inputs = [rows, tensorScale, zeroPoint];
    return { values: graph.node(`${rows}.quantised`, 'QuantizeLinear', inputs), tensorScale };
  }

  /** Quantises each row of `width` values at its own scale: [rows, 1]. A row of zeros has a scale of zero. */
  function quantiseByRow({ values, scale: scaleBefore }: ScaledRows, width: number): QuantisedRows {
    // The greatest magnitude of a row without Abs, which would write a copy of all values.
    const greatest = graph.node(`${values}.greatest`, 'ReduceMax', [values, axis], { keepdims: 1 });
    const least = graph.node(`${values}.least`, 'ReduceMin', [values, axis], { keepdims: 1 });
    const negated = graph.node(`${values}.least_negated`, 'Neg', [least]);
    const magnitude = graph.node(`${values}.magnitude`, 'Max', [greatest, negated]);
    const scale = graph.node(`${values}.row_scale`, 'Mul', [magnitude, inverseMax]);
    const shape = graph.node(`${values}.row_scale_shape`, 'Shape', [scale]);
    const inputs = [values, scale, graph.node(`${values}.zero_points`, 'Expand', [zeroPoint, shape])];
    return {
      // Each row is one block of a blocked quantisation, so that its scale need not be reshaped.
      values: graph.node(`${values}.quantised`, 'QuantizeLinear', inputs, { axis: 1, block_size: width }),
      tensorScale: one,
      scale:
        scaleBefore === undefined ? scale : graph.node(`${values}.whole_scale`, 'Mul', [scale, scaleBefore]),
    };
  }

  /** Multiplies whole numbers, which is exact, and scales each output channel. Row scales are applied later. */
  function multiply({ values, tensorScale, scale }: QuantisedRows, module: string): ScaledRows {
    const weight = weights.writeInt8(graph, `${module}.weight`, 'columns');
    const inputs = [values, weight.values, tensorScale, weight.scales, zeroPoint];
    const product = {
      values: graph.contribNode(module, 'MatMulIntegerToFloat', inputs),
      ...(scale !== undefined && { scale }),
    };
    if (!weights.has(`${module}.bias`)) return product;
    const bias = weights.write(graph, `${module}.bias`, 'float32');
    return { values: graph.node(`${module}.biased`, 'Add', [applyScale(graph, product), bias]) };
  }
}
