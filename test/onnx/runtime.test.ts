// The options that every session of ONNX Runtime is created with, as far as they change what it computes.

import { expect, it } from 'vitest';
import { GraphBuilder } from '../../dist/onnx/graphBuilder.js';
import { createSession, Tensor } from '../../dist/onnx/runtime.js';

it('denormal numbers count as zero, because some processors multiply them very slowly', async () => {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [2]);
  graph.output(graph.node('y', 'Mul', [x, x]), 'float32', [2]);
  const session = await createSession(graph.toBytes('model', '1'), { device: 'cpu', threads: 1 });
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(2 ** -64, 2 ** -63), [2]) });
  await session.release();
  expect([...(y!.data as Float32Array)]).toEqual([0, 2 ** -126]);
});
