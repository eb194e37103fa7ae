// A graph of nothing but a model's linear layers, each with random weights of its own, on fixed numbers of rows.

import { join } from 'node:path';
import { MODEL_FILE } from '../dist/onnx/contract.js';
import { GraphBuilder, type Value } from '../dist/onnx/graphBuilder.js';
import { readGraph } from '../dist/onnx/modelFile.js';
import { createSession, Tensor } from '../dist/onnx/runtime.js';

export interface LinearLayer {
  readonly isInteger: boolean;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether it reads only the rows that go on to the label head: the last layer's, after attention. */
  readonly isRead: boolean;
}

export interface Rows {
  readonly tokens: number;
  /** Rows that the label head reads. */
  readonly reads: number;
}

const INTEGER = 'MatMulIntegerToFloat';
const FLOAT = 'Gemm';

/** The decoder's linear layers, in the order of model.onnx. */
export function linearLayers(folder: string): LinearLayer[] {
  const graph = readGraph(join(folder, MODEL_FILE));
  const shapes = new Map(graph.initializer.map(({ name, dims }) => [name, dims.map(Number)]));
  const read = valuesAfter(graph, 'head_rows');
  return graph.node
    .filter(({ opType, name }) => (opType === INTEGER || opType === FLOAT) && name.startsWith('layers.'))
    .map(node => {
      const isInteger = node.opType === INTEGER;
      const shape = shapes.get(node.input[1]!)!;
      const [inputs, outputs] = isInteger ? shape : shape.toReversed();
      return { isInteger, inputs: inputs!, outputs: outputs!, isRead: read.has(node.input[0]!) };
    });
}

/** What is computed from a value; nodes come after what they read. */
function valuesAfter(graph: ReturnType<typeof readGraph>, source: string): Set<string> {
  const found = new Set([source]);
  for (const { input, output } of graph.node) {
    if (input.some(value => found.has(value))) for (const value of output) found.add(value);
  }
  return found;
}

/** Loads the graph with the session options of the engine. */
export async function openLinearGraph(
  layers: readonly LinearLayer[],
  rows: Rows,
  threads: number,
): Promise<{ run: () => Promise<void> }> {
  const { model, feeds } = linearGraph(layers, rows);
  const session = await createSession(model, { device: 'cpu', threads });
  return { run: async () => void (await session.run(feeds)) };
}

function linearGraph(layers: readonly LinearLayer[], { tokens, reads }: Rows) {
  const graph = new GraphBuilder();
  const one = graph.constant('one', [], Float32Array.of(1));
  const zeroPoint = graph.constant('zero_point', [], Uint8Array.of(128));
  const first = graph.constant('first', [], BigInt64Array.of(0n));
  const feeds: Record<string, Tensor> = {};
  for (const [i, layer] of layers.entries()) {
    const x = input(layer, layer.isRead ? reads : tokens);
    const product = layer.isInteger
      ? integerProduct(`layer ${i}`, layer, x)
      : floatProduct(`layer ${i}`, layer, x);
    // Each product gives one row to an output, so that it is not optimised away and products share their memory.
    const row = graph.node(`${product}.row`, 'Gather', [product, first]);
    graph.output(row, 'float32', [layer.outputs]);
  }
  return { model: graph.toBytes('linear'), feeds };

  /** Random values, shared by the layers that read as many rows of the same type and width. */
  function input({ isInteger, inputs }: LinearLayer, rows: number): Value {
    const type = isInteger ? 'uint8' : 'float32';
    const name = `${type} ${rows} ${inputs}`;
    if (!feeds[name]) {
      graph.input(name, type, [rows, inputs]);
      feeds[name] = isInteger
        ? new Tensor('uint8', randomBytes(rows * inputs), [rows, inputs])
        : new Tensor('float32', randomFloats(rows * inputs), [rows, inputs]);
    }
    return name;
  }

  function integerProduct(name: string, { inputs, outputs }: LinearLayer, x: Value): Value {
    const bytes = new Int8Array(randomBytes(inputs * outputs).buffer);
    const weight = graph.constant(`${name}.weight`, [inputs, outputs], bytes);
    const scales = graph.constant(`${name}.scales`, [outputs], new Float32Array(outputs).fill(1));
    return graph.contribNode(name, INTEGER, [x, weight, one, scales, zeroPoint]);
  }

  function floatProduct(name: string, { inputs, outputs }: LinearLayer, x: Value): Value {
    const weight = graph.constant(`${name}.weight`, [outputs, inputs], randomFloats(inputs * outputs));
    return graph.node(name, FLOAT, [x, weight], { transB: 1 });
  }
}

function randomBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.random() * 256);
}

function randomFloats(length: number): Float32Array {
  return Float32Array.from({ length }, () => Math.random() - 0.5);
}
