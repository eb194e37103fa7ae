// A graph of nothing but a model's linear layers, each with random weights of its own, on fixed numbers of rows.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import '../dist/noTelemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { runtimeOptions } from '../dist/engine/session.js';

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
const CONTRIB = 'com.microsoft';

/** The decoder's linear layers, in the order of model.onnx. */
export function linearLayers(folder: string): LinearLayer[] {
  const { graph } = fromBinary(ModelProtoSchema, readFileSync(join(folder, 'model.onnx')));
  const shapes = new Map(graph!.initializer.map(({ name, dims }) => [name, dims.map(Number)]));
  const read = valuesAfter(graph!, 'head_rows');
  return graph!.node
    .filter(({ opType, name }) => (opType === INTEGER || opType === FLOAT) && name.startsWith('layers.'))
    .map(node => {
      const isInteger = node.opType === INTEGER;
      const shape = shapes.get(node.input[1]!)!;
      const [inputs, outputs] = isInteger ? shape : shape.toReversed();
      return { isInteger, inputs: inputs!, outputs: outputs!, isRead: read.has(node.input[0]!) };
    });
}

/** What is computed from a value; nodes come after what they read. */
function valuesAfter(graph: GraphProto, source: string): Set<string> {
  const found = new Set([source]);
  for (const { input, output } of graph.node) {
    if (input.some(value => found.has(value))) for (const value of output) found.add(value);
  }
  return found;
}

/** Writes the graph into `folder` and loads it with the session options of the engine. */
export async function openLinearGraph(
  folder: string,
  layers: readonly LinearLayer[],
  rows: Rows,
  threads: number,
): Promise<{ run: () => Promise<void> }> {
  const path = join(folder, 'linear.onnx');
  const { model, feeds } = linearGraph(layers, rows);
  writeFileSync(path, model);
  const session = await InferenceSession.create(path, runtimeOptions({ device: 'cpu', threads }));
  return { run: async () => void (await session.run(feeds)) };
}

function linearGraph(layers: readonly LinearLayer[], { tokens, reads }: Rows) {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [
    tensor('one', DataType.FLOAT, [], Float32Array.of(1)),
    tensor('zero_point', DataType.UINT8, [], Uint8Array.of(128)),
    tensor('first', DataType.INT64, [], BigInt64Array.of(0n)),
  ];
  const inputs = new Map<string, ValueInfoProto>();
  const outputs: ValueInfoProto[] = [];
  const feeds: Record<string, Tensor> = {};
  for (const [i, layer] of layers.entries()) {
    const rows = layer.isRead ? reads : tokens;
    const product = `layer ${i}`;
    const x = `${layer.isInteger ? 'bytes' : 'floats'} ${rows} ${layer.inputs}`;
    if (!inputs.has(x)) {
      const type = layer.isInteger ? DataType.UINT8 : DataType.FLOAT;
      inputs.set(x, valueInfo(x, type, [rows, layer.inputs]));
      feeds[x] = layer.isInteger
        ? new Tensor('uint8', randomBytes(rows * layer.inputs), [rows, layer.inputs])
        : new Tensor('float32', randomFloats(rows * layer.inputs), [rows, layer.inputs]);
    }
    const weight = `${product}.weight`;
    const size = layer.inputs * layer.outputs;
    if (layer.isInteger) {
      const scales = `${product}.scales`;
      initializers.push(
        tensor(weight, DataType.INT8, [layer.inputs, layer.outputs], randomBytes(size)),
        tensor(scales, DataType.FLOAT, [layer.outputs], new Float32Array(layer.outputs).fill(1)),
      );
      nodes.push(node(INTEGER, [x, weight, 'one', scales, 'zero_point'], product, CONTRIB));
    } else {
      initializers.push(tensor(weight, DataType.FLOAT, [layer.outputs, layer.inputs], randomFloats(size)));
      const transposed = create(AttributeProtoSchema, { name: 'transB', type: AttributeType.INT, i: 1n });
      nodes.push({ ...node(FLOAT, [x, weight], product), attribute: [transposed] });
    }
    // One row leaves the graph, so that nothing is left out and products share one piece of memory.
    const row = `${product}.row`;
    nodes.push(node('Gather', [product, 'first'], row));
    outputs.push(valueInfo(row, DataType.FLOAT, [layer.outputs]));
  }
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: '', version: 21n },
      { domain: CONTRIB, version: 1n },
    ],
    graph: create(GraphProtoSchema, {
      name: 'linear',
      node: nodes,
      initializer: initializers,
      input: [...inputs.values()],
      output: outputs,
    }),
  });
  return { model: toBinary(ModelProtoSchema, model), feeds };
}

function node(opType: string, input: string[], output: string, domain = ''): NodeProto {
  return create(NodeProtoSchema, { name: output, opType, input, output: [output], domain });
}

function tensor(
  name: string,
  dataType: DataType,
  dims: readonly number[],
  values: Float32Array | Uint8Array | BigInt64Array,
): TensorProto {
  const rawData = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData });
}

function valueInfo(name: string, elemType: DataType, dims: readonly number[]): ValueInfoProto {
  const dim = dims.map(size => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  });
}

function randomBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.random() * 256);
}

function randomFloats(length: number): Float32Array {
  return Float32Array.from({ length }, () => Math.random() - 0.5);
}
