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
    node(`${x}.step`, 'Div', [`${x}.greatest`, 'steps']),
    node(`${x}.steps`, 'Div', [x, `${x}.step`]),
    node(`${x}.whole`, 'Round', [`${x}.steps`]),
    node(`${x}.rounded`, 'Mul', [`${x}.whole`, `${x}.step`]),
  ];
}

const measure = kernel({
  inputs: ['x', 'weight', 'factors', 'steps'],
  scalars: ['steps'],
  nodes: [
    node('axis', 'Constant', [], [ints('value_ints', [1])]),
    node('smooth', 'Div', ['x', 'factors']),
    node('smooth_weight', 'Mul', ['weight', 'factors']),
    ...roundedRows('smooth'),
    ...roundedRows('smooth_weight'),
    node('exact', 'Gemm', ['x', 'weight'], [int('transB', 1)]),
    node('rounded', 'Gemm', ['smooth.rounded', 'smooth_weight.rounded'], [int('transB', 1)]),
    node('error', 'Sub', ['rounded', 'exact']),
    node('error_power', 'ReduceSumSquare', ['error', 'axis']),
    node('power', 'ReduceSumSquare', ['exact', 'axis']),
    node('both', 'Concat', ['error_power', 'power'], [int('axis', 1)]),
  ],
  output: 'both',
  outputType: DataType.FLOAT,
});

/**
 * The sum of squares of the error and of the exact output, for each row of x [rows, in]: [rows, 2].
 * The weight [out, in] is multiplied by `factors` [in] before it is quantised, and x divided by them.
 */
export async function quantisationError(
  x: Float32Array,
  weight: Float32Array,
  factors: Float32Array,
): Promise<Float32Array> {
  const width = factors.length;
  const rows = x.length / width;
  const both = new Float32Array(rows * 2);
  await measure(
    {
      x: new Tensor('float32', x, [rows, width]),
      weight: new Tensor('float32', weight, [weight.length / width, width]),
      factors: new Tensor('float32', factors, [1, width]),
      steps: new Tensor('float32', Float32Array.of(127), []),
    },
    new Tensor('float32', both, [rows, 2]),
  );
  return both;
}
