// Reads a .onnx file, and derives a smaller one from it.

import { readFileSync, writeFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema } from 'onnx-buf';

/** The graph of a .onnx file. Its external data is not read. */
export function readGraph(path: string): GraphProto {
  return fromBinary(ModelProtoSchema, readFileSync(path)).graph!;
}

export interface Pruning {
  /** Whether a node, a weight, or an input or output of the graph of this name is left out. */
  isDropped(name: string): boolean;
  /** The value that is read in place of one that was left out. */
  substitute(value: string): string;
}

/** Writes the model of `source` without some of its nodes and weights to `target`, which shares its external data. */
export function writePruned(source: string, target: string, { isDropped, substitute }: Pruning): void {
  const model = fromBinary(ModelProtoSchema, readFileSync(source));
  const graph = model.graph!;
  graph.node = graph.node.filter(({ name }) => !isDropped(name));
  graph.initializer = graph.initializer.filter(({ name }) => !isDropped(name));
  graph.input = graph.input.filter(({ name }) => !isDropped(name));
  graph.output = graph.output.filter(({ name }) => !isDropped(name));
  for (const node of graph.node) {
    node.input = node.input.map(value => (isDropped(value) ? substitute(value) : value));
  }
  writeFileSync(target, toBinary(ModelProtoSchema, model));
}
