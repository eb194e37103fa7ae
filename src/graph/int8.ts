// Integer products on CPUs: weights of 8 bits with one scale for each output channel, activations quantised as they
// come, row by row or at a step that was fixed when the model was written. Neither knows of other rows, so a text's
// logits do not depend on what else is in the batch.

import type { Graph, Value } from './graph.js';
import { float32, type Precision, type ScaledRows, settled } from './precision.js';
import type { Weights } from './weights.js';

/** Activations are unsigned around this zero point, weights signed: the pair that processors multiply fastest. */
const ZERO_POINT = 128;
const GREATEST = 127;

/** Bytes [rows, width], in units of `scale`, one number for all, times the steps [rows, 1] where there are any. */
interface Quantised extends ScaledRows {
  readonly scale: Value;
}

/** How a linear layer is quantised. */
export interface Int8Choice {
  readonly stored: 'int8' | 'float32';
  /** The step at which all rows of what it reads are quantised; null where each row has its own. */
  readonly step: number | null;
}

/** Linear layers without a choice are quantised row by row. */
export function int8(graph: Graph, weights: Weights, choices: ReadonlyMap<string, Int8Choice>): Precision {
  const plain = float32(graph, weights);
  const axis = graph.constant('int8.axis', [1], BigInt64Array.of(1n));
  const step = graph.constant('int8.step', [], Float32Array.of(1 / GREATEST));
  const one = graph.constant('int8.one', [], Float32Array.of(1));
  const zeroPoint = graph.constant('int8.zero_point', [], Uint8Array.of(ZERO_POINT));
  return {
    ...plain,
    linear(x, modules) {
      const { stored = 'int8', step = null } = choices.get(modules[0]!) ?? {};
      if (stored === 'float32') return plain.linear(x, modules);
      const quantised =
        step === null ? quantiseRows(x, weights.width(`${modules[0]!}.weight`)) : quantiseAt(step, x);
      return modules.map(module => multiply(quantised, module));
    },
    embedding(ids, module) {
      const { values, scales } = weights.writeInt8(graph, `${module}.weight`, 'rows');
      const rows = graph.node(`${module}.values`, 'Gather', [values, ids], { axis: 0 });
      const steps = graph.node(`${module}.steps`, 'Gather', [scales, ids], { axis: 0 });
      return graph.node(module, 'DequantizeLinear', [rows, steps], { axis: 0 });
    },
  };

  /** All rows at one step. What is out of reach becomes the greatest that is not. */
  function quantiseAt(size: number, x: ScaledRows): Quantised {
    const rows = settled(graph, x);
    const scale = graph.constant(`${rows}.step`, [], Float32Array.of(size));
    return { values: graph.node(`${rows}.quantised`, 'QuantizeLinear', [rows, scale, zeroPoint]), scale };
  }

  /** Each row of `width` values at its own step: [rows, 1]. A row of zeros has steps of zero. */
  function quantiseRows({ values, steps: before }: ScaledRows, width: number): Quantised {
    const sizes = graph.node(`${values}.sizes`, 'Abs', [values]);
    const greatest = graph.node(`${values}.greatest`, 'ReduceMax', [sizes, axis], { keepdims: 1 });
    const steps = graph.node(`${values}.steps`, 'Mul', [greatest, step]);
    const shape = graph.node(`${values}.steps_shape`, 'Shape', [steps]);
    const inputs = [values, steps, graph.node(`${values}.zero_points`, 'Expand', [zeroPoint, shape])];
    return {
      values: graph.node(`${values}.quantised`, 'QuantizeLinear', inputs, { axis: 1, block_size: width }),
      scale: one,
      steps: before === undefined ? steps : graph.node(`${values}.all_steps`, 'Mul', [steps, before]),
    };
  }

  /** The products are of whole numbers, and exact; each output channel is scaled back, each row when it is settled. */
  function multiply({ values, scale, steps }: Quantised, module: string): ScaledRows {
    const weight = weights.writeInt8(graph, `${module}.weight`, 'columns');
    const factors = [values, weight.values, scale, weight.scales, zeroPoint];
    const product = {
      values: graph.contribNode(module, 'MatMulIntegerToFloat', factors),
      ...(steps !== undefined && { steps }),
    };
    if (!weights.has(`${module}.bias`)) return product;
    const bias = weights.write(graph, `${module}.bias`, 'float32');
    return { values: graph.node(`${module}.biased`, 'Add', [settled(graph, product), bias]) };
  }
}
