// The merge's arithmetic, on every core: ONNX Runtime is used as a matrix multiplication.

import { availableParallelism } from 'node:os';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import '../noTelemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/**
 * weight [rows, width] + scale * (b [rows, rank] a [rank, width]), rounded to float32 where PEFT rounds: after the
 * product, after the scale and after the sum. (Rounding once would be closer to exact, and further from PEFT's logits.)
 */
export async function addLowRank(
  weight: Float32Array,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scale: number,
): Promise<Float32Array> {
  const rows = b.length / rank;
  const width = a.length / rank;
  const { merged } = await (await session()).run({
    weight: new Tensor('float32', weight, [rows, width]),
    b: new Tensor('float32', b, [rows, rank]),
    a: new Tensor('float32', a, [rank, width]),
    scale: new Tensor('float32', Float32Array.of(scale), []),
  });
  return merged!.data as Float32Array;
}

let loaded: Promise<InferenceSession> | undefined;

function session(): Promise<InferenceSession> {
  loaded ??= InferenceSession.create(lowRankModel(), {
    intraOpNumThreads: availableParallelism(),
    interOpNumThreads: 1,
    // pieces differ in size: keeping the largest's memory for good is not worth it
    enableCpuMemArena: false,
    logSeverityLevel: 4,
  });
  return loaded;
}

function lowRankModel(): Uint8Array {
  const node = (opType: string, input: string[], output: string) =>
    create(NodeProtoSchema, { name: output, opType, input, output: [output] });
  const value = (name: string, dimensions: string[]) =>
    create(ValueInfoProtoSchema, {
      name,
      type: {
        value: {
          case: 'tensorType',
          value: {
            elemType: DataType.FLOAT,
            shape: { dim: dimensions.map(size => ({ value: { case: 'dimParam' as const, value: size } })) },
          },
        },
      },
    });
  const graph = create(GraphProtoSchema, {
    name: 'low-rank',
    node: [
      node('MatMul', ['b', 'a'], 'product'),
      node('Mul', ['product', 'scale'], 'scaled'),
      node('Add', ['weight', 'scaled'], 'merged'),
    ],
    input: [
      value('weight', ['rows', 'width']),
      value('b', ['rows', 'rank']),
      value('a', ['rank', 'width']),
      value('scale', []),
    ],
    output: [value('merged', ['rows', 'width'])],
  });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 10n, opsetImport: [{ domain: '', version: 21n }], graph }),
  );
}
