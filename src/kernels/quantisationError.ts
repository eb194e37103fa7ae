// How far a linear layer's output moves where its weight and what it reads are quantised to 8 bits.

import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
} from 'onnx-buf';
import { DataType, type KernelNode, kernel, Tensor } from './kernel.js';

const ints = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: values.map(BigInt) });
const int = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
const float = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value });
const node = (
  output: string,
  opType: string,
  inputs: readonly string[],
  attributes: AttributeProto[] = [],
): KernelNode => ({ output, opType, inputs, attributes });

/** Each row of x to the nearest multiples of its greatest value's 127th part. */
function roundedRows(x: string): KernelNode[] {
  return [
    node(`${x}.sizes`, 'Abs', [x]),
    node(`${x}.greatest`, 'ReduceMax', [`${x}.sizes`, 'axis']),
    node(`${x}.own_step`, 'Div', [`${x}.greatest`, 'greatest']),
    // a row of zeros stays one
    node(`${x}.step`, 'Max', [`${x}.own_step`, 'tiny']),
    ...rounded(x, `${x}.step`),
  ];
}

/** x to the nearest multiples of a step, from -128 to 127 of them. */
function rounded(x: string, step: string): KernelNode[] {
  return [
    node(`${x}.steps`, 'Div', [x, step]),
    node(`${x}.whole`, 'Round', [`${x}.steps`]),
    node(`${x}.byte`, 'Clip', [`${x}.whole`, 'least', 'greatest']),
    node(`${x}.rounded`, 'Mul', [`${x}.byte`, step]),
  ];
}

const multiply = kernel({
  inputs: ['x', 'weight'],
  nodes: [node('product', 'Gemm', ['x', 'weight'], [int('transB', 1)])],
  output: 'product',
  outputType: DataType.FLOAT,
});

function errorKernel(roundedInput: KernelNode[], scalars: readonly string[] = []) {
  return kernel({
    inputs: ['x', 'weight', 'factors', 'exact', ...scalars],
    scalars,
    nodes: [
      node('axis', 'Constant', [], [ints('value_ints', [1])]),
      node('least', 'Constant', [], [float('value_float', -128)]),
      node('greatest', 'Constant', [], [float('value_float', 127)]),
      node('tiny', 'Constant', [], [float('value_float', 1e-30)]),
      node('smooth', 'Div', ['x', 'factors']),
      node('smooth_weight', 'Mul', ['weight', 'factors']),
      ...roundedInput,
      ...roundedRows('smooth_weight'),
      node('product', 'Gemm', ['smooth.rounded', 'smooth_weight.rounded'], [int('transB', 1)]),
      node('difference', 'Sub', ['product', 'exact']),
      node('error', 'ReduceSumSquare', ['difference', 'axis']),
    ],
    output: 'error',
    outputType: DataType.FLOAT,
  });
}

const errorByRow = errorKernel(roundedRows('smooth'));
const errorAtStep = errorKernel(rounded('smooth', 'step'), ['step']);

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
 * The sum of squares of the error, for each row of x [rows, in] times weight [out, in] transposed: [rows]. `exact` is
 * the product. The weight is multiplied by `factors` [in] before it is quantised, and x divided by them; x in units of
 * `step`, or where there is none of each row's own.
 */
export async function quantisationError(
  x: Float32Array,
  weight: Float32Array,
  exact: Float32Array,
  factors: Float32Array,
  step?: number,
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
  if (step === undefined) await errorByRow(inputs, output);
  else await errorAtStep({ ...inputs, step: new Tensor('float32', Float32Array.of(step), []) }, output);
  return errors;
}
