// float32 to float16 (IEEE 754 binary16), rounded to nearest, ties to even.

import { create } from '@bufbuild/protobuf';
import { AttributeProtoSchema, AttributeProto_AttributeType as AttributeType } from 'onnx-buf';
import { takeBytes } from './buffers.js';
import { DataType, kernel, Tensor } from './kernel.js';

const to = create(AttributeProtoSchema, {
  name: 'to',
  type: AttributeType.INT,
  i: BigInt(DataType.FLOAT16),
});

const cast = kernel({
  inputs: ['float32'],
  nodes: [{ opType: 'Cast', inputs: ['float32'], output: 'float16', attributes: [to] }],
  output: 'float16',
  outputType: DataType.FLOAT16,
});

/** The bytes of each value, little-endian. What is too large becomes infinite, as it does in PyTorch. */
export async function toFloat16(values: Float32Array): Promise<Uint8Array> {
  const bytes = takeBytes(2 * values.length);
  const halves = new Uint16Array(bytes.buffer, 0, values.length);
  const shape = [1, values.length];
  await cast({ float32: new Tensor('float32', values, shape) }, new Tensor('float16', halves, shape));
  return bytes;
}
