// float32 to float16 (IEEE 754 binary16), rounded to nearest, ties to even.

import { ELEMENT_TYPES } from '../onnx/elementTypes.js';
import { takeBytes } from './buffers.js';
import { kernel, matrixInput, Tensor } from './kernel.js';

const cast = kernel('float16', graph =>
  graph.node('halves', 'Cast', [matrixInput(graph, 'values')], { to: ELEMENT_TYPES.float16 }),
);

/** The bytes of each value, little-endian. Values that are too large become infinite, as they do in PyTorch. */
export async function toFloat16(values: Float32Array): Promise<Uint8Array> {
  const bytes = takeBytes(2 * values.length);
  const halves = new Uint16Array(bytes.buffer, 0, values.length);
  const shape = [1, values.length];
  await cast({ values: new Tensor('float32', values, shape) }, new Tensor('float16', halves, shape));
  return bytes;
}
