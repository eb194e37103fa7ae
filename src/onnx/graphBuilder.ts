// Builds an ONNX model in memory, node by node.
// Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, https://onnx.ai/onnx/repo-docs/ExternalData.html

import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { ELEMENT_TYPES, type ElementArray, type ElementType, elementTypeOf } from './elementTypes.js';

/** The first opset whose Attention takes the number of keys that are not padding. */
const OPSET = 24n;
/** The version of the file format that belongs to that opset. */
const IR_VERSION = 12n;
/** The domain of ONNX Runtime's own operators: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
const CONTRIB = 'com.microsoft';

/** A tensor inside the graph, by its name. */
export type Value = string;
/** A bare number is an integer attribute; a float is written { float }. */
export type Attribute = number | { readonly float: number } | string | readonly number[];
/** A size, or the name of a dimension whose size is known only when the graph runs. */
export type Dimension = string | number;

/** The bytes of a tensor in a file beside the model. */
export interface ExternalData {
  /** The file's name, in the model's folder. */
  readonly file: string;
  /** Bytes from the file's start. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** An operator of the graph. Its outputs but the first are seldom read. */
export interface GraphNode {
  readonly name: string;
  readonly opType: string;
  /** '' for the standard operators. */
  readonly domain: string;
  /** An input that is left out is ''. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];

  /** The operators so far, each after those whose outputs it reads. */
  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  /** Declares an input of the graph. */
  input(name: string, type: ElementType, dimensions: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  /** Declares a value as an output of the graph. */
  output(value: Value, type: ElementType, dimensions: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(value, type, dimensions));
  }

  /**
   * Adds a node and returns its first output, which has the node's name. An input of '' is left out. The other outputs
   * are called `more`.
   */
  node(
    name: string,
    opType: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    more: readonly Value[] = [],
  ): Value {
    this.#nodes.push({ name, opType, domain: '', inputs: [...inputs], outputs: [name, ...more], attributes });
    return name;
  }

  /** The same with one of ONNX Runtime's own operators. */
  contribNode(name: string, opType: string, inputs: readonly Value[]): Value {
    this.#nodes.push({ name, opType, domain: CONTRIB, inputs: [...inputs], outputs: [name], attributes: {} });
    return name;
  }

  /** A tensor whose values are kept inside the model: shapes, indices, a fill value. */
  constant(name: string, shape: readonly number[], values: ElementArray): Value {
    this.#initializers.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map(BigInt),
        dataType: ELEMENT_TYPES[elementTypeOf(values)],
        // ONNX's raw data is little-endian, as is every machine that ONNX Runtime runs on.
        rawData: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
      }),
    );
    return name;
  }

  /** A tensor whose values are kept in a file beside the model. */
  externalTensor(name: string, shape: readonly number[], type: ElementType, data: ExternalData): Value {
    this.#initializers.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map(BigInt),
        dataType: ELEMENT_TYPES[type],
        dataLocation: DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: data.file },
          { key: 'offset', value: String(data.offset) },
          { key: 'length', value: String(data.length) },
        ],
      }),
    );
    return name;
  }

  /** The model as the bytes of a .onnx file. */
  toBytes(graphName: string, producerVersion = ''): Uint8Array {
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: CONTRIB, version: 1n },
      ],
      producerName: 'lsllama',
      producerVersion,
      graph: create(GraphProtoSchema, {
        name: graphName,
        node: this.#nodes.map(nodeProto),
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      }),
    });
    return toBinary(ModelProtoSchema, model);
  }
}

function nodeProto({ name, opType, domain, inputs, outputs, attributes }: GraphNode): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
  return create(NodeProtoSchema, {
    name,
    opType,
    domain,
    input: [...inputs],
    output: [...outputs],
    attribute,
  });
}

function valueInfo(name: string, type: ElementType, dimensions: readonly Dimension[]): ValueInfoProto {
  const dim = dimensions.map(size => ({
    value:
      typeof size === 'string'
        ? { case: 'dimParam' as const, value: size }
        : { case: 'dimValue' as const, value: BigInt(size) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: ELEMENT_TYPES[type], shape: { dim } } } },
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
