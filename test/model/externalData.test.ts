// A damaged or hostile graph cannot have ONNX Runtime read outside the model folder, or past the end of the data file.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { GraphBuilder } from '../../dist/onnx/graphBuilder.js';
import { createSession } from '../../dist/onnx/runtime.js';
import { temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const folder = `${work}/model`;
mkdirSync(folder);
writeFileSync(`${work}/secret`, Buffer.alloc(64));
writeFileSync(`${folder}/model.onnx.data`, Buffer.alloc(64));
symlinkSync('../secret', `${folder}/link`);

/** Loads a graph whose only weight, of 64 bytes, lies in the given file at the given offset. */
function load(file: string, offset: number) {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [16]);
  const weight = graph.externalTensor('weight', [16], 'float32', { file, offset, length: 64 });
  graph.output(graph.node('y', 'Add', [x, weight]), 'float32', [16]);
  writeFileSync(`${folder}/model.onnx`, graph.toBytes('model', '1'));
  return createSession(`${folder}/model.onnx`, { device: 'cpu', threads: 1 });
}

it('a weight in the data file is loaded', async () => {
  await (await load('model.onnx.data', 0)).release();
});

it.each([
  ['../secret', 0],
  [`${work}/secret`, 0],
  ['link', 0],
  ['/dev/zero', 0],
  ['model.onnx.data', 1],
  ['model.onnx.data', 2 ** 40],
  ['model.onnx.data', -32],
])('a weight in %s at offset %d is refused', async (file, offset) => {
  await expect(load(file, offset)).rejects.toThrow(/path|out of bounds/i);
});
