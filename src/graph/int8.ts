// Integer products on CPUs: weights of 8 bits with one scale for each output channel, activations quantised row by
// row as they come. A row's scale is its own alone, so a text's logits do not depend on what else is in the batch.

import type { Graph } from './graph.js';
import { float32, type Precision, type ScaledRows, settled } from './precision.js';
import type { Weights } from './weights.js';

/** Activations are unsigned around this zero point, weights signed: the pair that processors multiply fastest. */
const ZERO_POINT = 128;
const GREATEST = 127;

/** Linear layers for which `isKept` stay float32. */
export function int8(graph: Graph, weights: Weights, isKept: (module: string) => boolean): Precision {
  const plain = float32(graph, weights);
  const axis = graph.constant('int8.axis', [1], BigInt64Array.of(1n));
  const step = graph.constant('int8.step', [], Float32Array.of(1 / GREATEST));
  const one = graph.constant('int8.one', [], Float32Array.of(1));
  const zeroPoint = graph.constant('int8.zero_point', [], Uint8Array.of(ZERO_POINT));
  return {
    ...plain,
    linear(x, modules) {
      if (modules.some(isKept)) return plain.linear(x, modules);
      const rows = quantiseRows(x);
      return modules.map(module => multiply(rows, module));
    },
    embedding(ids, module) {
      const { values, scales } = weights.writeInt8(graph, `${module}.weight`, 'rows');
      const rows = graph.node(`${module}.values`, 'Gather', [values, ids], { axis: 0 });
      const steps = graph.node(`${module}.steps`, 'Gather', [scales, ids], { axis: 0 });
      return graph.node(module, 'DequantizeLinear', [rows, steps], { axis: 0 });
    },
  };

  /** To bytes, and the size of a step in each row: [rows, 1]. A row of zeros has steps of zero. */
  function quantiseRows({ values, steps: before }: ScaledRows): Required<ScaledRows> {
    const sizes = graph.node(`${values}.sizes`, 'Abs', [values]);
    const greatest = graph.node(`${values}.greatest`, 'ReduceMax', [sizes, axis], { keepdims: 1 });
    const steps = graph.node(`${values}.steps`, 'Mul', [greatest, step]);
    const perRow = graph.node(`${values}.row_steps`, 'Squeeze', [steps, axis]);
    const rowCount = graph.node(`${values}.row_count`, 'Shape', [perRow]);
    const zeroPoints = graph.node(`${values}.zero_points`, 'Expand', [zeroPoint, rowCount]);
    const inputs = [values, perRow, zeroPoints];
    return {
      values: graph.node(`${values}.quantised`, 'QuantizeLinear', inputs, { axis: 0 }),
      steps: before === undefined ? steps : graph.node(`${values}.all_steps`, 'Mul', [steps, before]),
    };
  }

  /** The products are of whole numbers, and exact; each output channel is scaled back, each row when it is settled. */
  function multiply({ values, steps }: Required<ScaledRows>, module: string): ScaledRows {
    const weight = weights.writeInt8(graph, `${module}.weight`, 'columns');
    const factors = [values, weight.values, one, weight.scales, zeroPoint];
    const product = { values: graph.contribNode(module, 'MatMulIntegerToFloat', factors), steps };
    if (!weights.has(`${module}.bias`)) return product;
    const bias = weights.write(graph, `${module}.bias`, 'float32');
    return { values: graph.node(`${module}.biased`, 'Add', [settled(graph, product), bias]) };
  }
}
