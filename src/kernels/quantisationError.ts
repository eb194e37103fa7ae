// How far the output of a linear layer moves where its weight and its input are quantised to 8 bits.

import type { GraphBuilder, Value } from '../onnx/graphBuilder.js';
import { INT8_MAX } from './int8.js';
import { kernel, matrixInput, scalarInput, Tensor } from './kernel.js';

/** Keeps the scale of a row of zeros above zero. */
const MIN_SCALE = 1e-30;

/** x rounded to the multiples -128 to 127 of a scale. */
function quantised(graph: GraphBuilder, x: Value, scale: Value): Value {
  const multiples = graph.node(`${x}.multiples`, 'Div', [x, scale]);
  const whole = graph.node(`${x}.whole`, 'Round', [multiples]);
  const bytes = graph.node(`${x}.bytes`, 'Clip', [whole, 'int8_min', 'int8_max']);
  return graph.node(`${x}.quantised`, 'Mul', [bytes, scale]);
}

/** Each row of x, quantised at a scale of its own: a 127th of its greatest absolute value. */
function quantisedByRow(graph: GraphBuilder, x: Value): Value {
  const magnitudes = graph.node(`${x}.magnitudes`, 'Abs', [x]);
  const greatest = graph.node(`${x}.greatest`, 'ReduceMax', [magnitudes, 'last_axis']);
  const scale = graph.node(`${x}.row_scale`, 'Div', [greatest, 'int8_max']);
  const least = graph.constant(`${x}.least_scale`, [], Float32Array.of(MIN_SCALE));
  return quantised(graph, x, graph.node(`${x}.scale`, 'Max', [scale, least]));
}

const multiply = kernel('float32', graph =>
  graph.node('product', 'Gemm', [matrixInput(graph, 'x'), matrixInput(graph, 'weight')], { transB: 1 }),
);

function errorKernel(quantisedInput: (graph: GraphBuilder, smoothed: Value) => Value) {
  return kernel('float32', graph => {
    const [x, weight, factors, exact] = ['x', 'weight', 'factors', 'exact'].map(name =>
      matrixInput(graph, name),
    ) as [Value, Value, Value, Value];
    graph.constant('last_axis', [1], BigInt64Array.of(1n));
    graph.constant('int8_min', [], Float32Array.of(-INT8_MAX - 1));
    graph.constant('int8_max', [], Float32Array.of(INT8_MAX));
    const smoothed = graph.node('smoothed', 'Div', [x, factors]);
    const smoothedWeight = graph.node('smoothed_weight', 'Mul', [weight, factors]);
    const inputs = [quantisedInput(graph, smoothed), quantisedByRow(graph, smoothedWeight)];
    const product = graph.node('product', 'Gemm', inputs, { transB: 1 });
    const difference = graph.node('difference', 'Sub', [product, exact]);
    return graph.node('error', 'ReduceSumSquare', [difference, 'last_axis']);
  });
}

const errorByRow = errorKernel(quantisedByRow);
const errorAtScale = errorKernel((graph, smoothed) =>
  quantised(graph, smoothed, scalarInput(graph, 'scale')),
);

/** x [rows, in] times weight [out, in] transposed: [rows, out]. */
export async function linearOutput(
  x: Float32Array,
  weight: Float32Array,
  width: number,
): Promise<Float32Array> {
  const [rows, out] = [x.length / width, weight.length / width];
  const product = new Float32Array(rows * out);
  await multiply(
    {
      x: new Tensor('float32', x, [rows, width]),
      weight: new Tensor('float32', weight, [out, width]),
    },
    new Tensor('float32', product, [rows, out]),
  );
  return product;
}

/**
 * For each row of x [rows, in] times weight [out, in] transposed, the sum of squares of its error at 8 bits: [rows].
 * `exact` [rows, out] is the product without quantisation. The weight is multiplied by `factors` [in] and x divided by
 * them before both are quantised: the weight with one scale for each of its rows, x at `scale`, or where that is
 * undefined with one scale for each of its rows.
 */
export async function quantisationError(
  x: Float32Array,
  weight: Float32Array,
  exact: Float32Array,
  factors: Float32Array,
  scale?: number,
): Promise<Float32Array> {
  const width = factors.length;
  const [rows, out] = [x.length / width, weight.length / width];
  const errors = new Float32Array(rows);
  const inputs = {
    x: new Tensor('float32', x, [rows, width]),
    weight: new Tensor('float32', weight, [out, width]),
    factors: new Tensor('float32', factors, [1, width]),
    exact: new Tensor('float32', exact, [rows, out]),
  };
  const output = new Tensor('float32', errors, [rows, 1]);
  if (scale === undefined) await errorByRow(inputs, output);
  else await errorAtScale({ ...inputs, scale: new Tensor('float32', Float32Array.of(scale), []) }, output);
  return errors;
}
