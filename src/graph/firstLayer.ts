// A written model, cut down to its first layer: small enough to run where the whole would not fit into memory.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';

/**
 * Writes `folder`/`name`: model.onnx without the layers after the first, whose output the head then reads.
 * Its weights are those in the model's own data file.
 */
export function writeFirstLayer(folder: string, name: string): void {
  const model = fromBinary(ModelProtoSchema, readFileSync(join(folder, 'model.onnx')));
  const graph = model.graph!;
  graph.node = graph.node.filter(node => !isLater(node.name));
  graph.initializer = graph.initializer.filter(tensor => !isLater(tensor.name));
  for (const node of graph.node) {
    // of what a layer computes, only its output is read outside it
    node.input = node.input.map(value =>
      isLater(value) ? value.replace(/^layers\.\d+\./, 'layers.0.') : value,
    );
  }
  writeFileSync(join(folder, name), toBinary(ModelProtoSchema, model));
}

/** Whether a value belongs to a layer after the first: what a layer holds and computes starts with its name. */
function isLater(value: string): boolean {
  return /^layers\.[1-9]/.test(value);
}
