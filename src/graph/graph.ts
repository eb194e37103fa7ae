// Writes an ONNX graph node by node. Weights get their place in the external data file at once and their bytes at the
// end, streamed a piece at a time.
// Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, https://onnx.ai/onnx/repo-docs/ExternalData.html

import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { elementCount, rowWidth } from '../checkpoint/tensors.js';
import { FLOAT_BYTES, type FloatStorage, floatEncoder, type Int8Order, int8Encoder } from './storage.js';
import { type ReadRows, type StoredWeight, writeWeights } from './stream.js';

/** The first opset whose Attention takes the number of keys that are not padding. */
const OPSET = 24n;
/** The file format version that belongs to that opset. */
const IR_VERSION = 12n;
/** ONNX Runtime maps a tensor from disk instead of copying it when it starts on a page. Bytes. */
const PAGE = 4096;

export const DATA_FILE = 'model.onnx.data';

/** A tensor inside the graph, by name. */
export type Value = string;
/** A bare number is an integer attribute; a float is written { float }. */
export type Attribute = number | { readonly float: number } | string | readonly number[];
type ElementArray = Float32Array | BigInt64Array | Uint8Array;

/** Operators that ONNX has no standard for: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
const CONTRIB = 'com.microsoft';

/** The two tensors of a weight of 8 bits. */
export interface Int8Weight {
  readonly values: Value;
  readonly scales: Value;
}

export class Graph {
  readonly #path: string;
  readonly #weights: StoredWeight[] = [];
  #dataEnd = 0;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];

  /** Starts `path` (model.onnx); its weights go to DATA_FILE beside it. */
  constructor(path: string) {
    this.#path = path;
  }

  /** An input of int64s; its dimensions by name. */
  input(name: string, dimensions: readonly string[]): Value {
    this.#inputs.push(valueInfo(name, DataType.INT64, dimensions));
    return name;
  }

  floatInput(name: string, dimensions: readonly (string | number)[]): Value {
    this.#inputs.push(valueInfo(name, DataType.FLOAT, dimensions));
    return name;
  }

  /** Declares `value` an output of float32s. */
  output(value: Value, dimensions: readonly (string | number)[]): void {
    this.#outputs.push(valueInfo(value, DataType.FLOAT, dimensions));
  }

  /** Adds one node, and returns its only output, which bears the node's name. An input of '' is left out. */
  node(
    name: string,
    opType: string,
    inputs: readonly Value[],
    attributes: Record<string, Attribute> = {},
  ): Value {
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
    this.#nodes.push(
      create(NodeProtoSchema, { name, opType, input: [...inputs], output: [name], attribute }),
    );
    return name;
  }

  /** The same with one of ONNX Runtime's own operators. */
  contribNode(name: string, opType: string, inputs: readonly Value[]): Value {
    this.#nodes.push(
      create(NodeProtoSchema, { name, opType, input: [...inputs], output: [name], domain: CONTRIB }),
    );
    return name;
  }

  /** A small tensor kept inside model.onnx: shapes, indices, a fill value. */
  constant(name: string, shape: readonly number[], values: ElementArray): Value {
    this.#initializers.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map(BigInt),
        dataType: elementType(values),
        rawData: littleEndianBytes(values),
      }),
    );
    return name;
  }

  /** A weight, kept in the data file. Its rows are read when the graph is finished. */
  weight(name: string, shape: readonly number[], storage: FloatStorage, read: ReadRows): Value {
    const rowBytes = rowWidth(shape) * FLOAT_BYTES[storage];
    const dataType = storage === 'float16' ? DataType.FLOAT16 : DataType.FLOAT;
    const offset = this.#external(name, shape, dataType, FLOAT_BYTES[storage]);
    this.#weights.push({ shape, read, encode: floatEncoder(storage, offset, rowBytes), isWhole: false });
    return name;
  }

  /** A weight [rows, width] of 8 bits, in the order that is asked for, and the scales of its rows: [rows]. */
  int8Weight(name: string, shape: readonly number[], order: Int8Order, read: ReadRows): Int8Weight {
    const isWhole = order === 'columns';
    const scales = `${name}.scales`;
    const offsets = {
      values: this.#external(name, isWhole ? shape.toReversed() : shape, DataType.INT8, 1),
      scales: this.#external(scales, shape.slice(0, 1), DataType.FLOAT, FLOAT_BYTES.float32),
    };
    this.#weights.push({ shape, read, encode: int8Encoder(order, offsets, rowWidth(shape)), isWhole });
    return { values: name, scales };
  }

  /** Declares a tensor of the data file. Returns its place there: bytes from the start. */
  #external(name: string, shape: readonly number[], dataType: DataType, elementBytes: number): number {
    const offset = Math.ceil(this.#dataEnd / PAGE) * PAGE;
    const length = elementCount(shape) * elementBytes;
    this.#dataEnd = offset + length;
    this.#initializers.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map(BigInt),
        dataType,
        dataLocation: DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: DATA_FILE },
          { key: 'offset', value: String(offset) },
          { key: 'length', value: String(length) },
        ],
      }),
    );
    return offset;
  }

  /** Bytes of the data file, as far as the graph has come. */
  get dataBytes(): number {
    return this.#dataEnd;
  }

  /** Writes model.onnx and the data file. `onBytes` is told of every piece's bytes as they are written. */
  async finish(producerVersion: string, onBytes: (bytes: number) => void): Promise<void> {
    await writeWeights(join(dirname(this.#path), DATA_FILE), this.#weights, onBytes);
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: CONTRIB, version: 1n },
      ],
      producerName: 'lsllama',
      producerVersion,
      graph: create(GraphProtoSchema, {
        name: basename(this.#path),
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      }),
    });
    writeFileSync(this.#path, toBinary(ModelProtoSchema, model));
  }
}

/** x times a number. */
export function multiply(graph: Graph, x: Value, factor: number): Value {
  return graph.node(`${x}.scaled`, 'Mul', [x, graph.constant(`${x}.scale`, [], Float32Array.of(factor))]);
}

function elementType(values: ElementArray): DataType {
  if (values instanceof Uint8Array) return DataType.UINT8;
  return values instanceof Float32Array ? DataType.FLOAT : DataType.INT64;
}

/** ONNX raw data is little-endian, as is every machine that ONNX Runtime runs on. */
function littleEndianBytes(values: ElementArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

function valueInfo(
  name: string,
  elemType: DataType,
  dimensions: readonly (string | number)[],
): ValueInfoProto {
  const dim = dimensions.map(size => ({
    value:
      typeof size === 'string'
        ? { case: 'dimParam' as const, value: size }
        : { case: 'dimValue' as const, value: BigInt(size) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}
