// ONNX Runtime as a calculator: a few operators on every core, for the arithmetic of an export.

import { availableParallelism } from 'node:os';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import '../noTelemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export { Tensor, TensorProto_DataType as DataType };

export interface KernelNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: AttributeProto[];
}

/** Inputs and the output are matrices, or a scalar where `scalars` names it. Inputs are float32. */
export interface KernelGraph {
  readonly inputs: readonly string[];
  readonly scalars?: readonly string[];
  readonly nodes: readonly KernelNode[];
  readonly output: string;
  readonly outputType: TensorProto_DataType;
}

/** A function of named tensors, which writes its result into `output`. Its session is made at the first call. */
export function kernel(
  graph: KernelGraph,
): (inputs: Record<string, Tensor>, output: Tensor) => Promise<void> {
  let session: Promise<InferenceSession> | undefined;
  return async (inputs, output) => {
    session ??= InferenceSession.create(modelOf(graph), {
      intraOpNumThreads: availableParallelism(),
      interOpNumThreads: 1,
      // between two pieces the cores have reading, hashing and writing to do
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 4,
    });
    await (await session).run(inputs, { [graph.output]: output });
  };
}

function modelOf({ inputs, scalars = [], nodes, output, outputType }: KernelGraph): Uint8Array {
  const value = (name: string, elemType: TensorProto_DataType) => {
    const dimensions = scalars.includes(name) ? [] : [`${name}_rows`, `${name}_columns`];
    const dim = dimensions.map(size => ({ value: { case: 'dimParam' as const, value: size } }));
    return create(ValueInfoProtoSchema, {
      name,
      type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
    });
  };
  const graph = create(GraphProtoSchema, {
    name: output,
    node: nodes.map(({ opType, inputs: input, output: name, attributes = [] }) =>
      create(NodeProtoSchema, { name, opType, input: [...input], output: [name], attribute: attributes }),
    ),
    input: inputs.map(name => value(name, TensorProto_DataType.FLOAT)),
    output: [value(output, outputType)],
  });
  const opsetImport = [{ domain: '', version: 21n }];
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 10n, opsetImport, graph }));
}
