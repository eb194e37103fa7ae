// What ONNX Runtime can do on this machine: which execution providers load and run, by trying each.

import { create, toBinary } from '@bufbuild/protobuf';
import { TensorProto_DataType as DataType, ModelProtoSchema } from 'onnx-buf';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';

export interface RuntimeReport {
  /** ONNX Runtime's version. */
  readonly version: string;
  /** By provider: `ok`, or why it does not load. */
  readonly providers: Record<string, string>;
}

/** Runs a model of one addition on each provider that the product uses. */
export async function probeRuntime(): Promise<RuntimeReport> {
  const model = additionModel();
  const providers: Record<string, string> = {};
  for (const name of ['cpu', 'cuda']) providers[name] = await tryProvider(name, model);
  return { version: env.versions.node ?? 'unknown', providers };
}

async function tryProvider(name: string, model: Uint8Array): Promise<string> {
  try {
    const session = await InferenceSession.create(model, { executionProviders: [name], logSeverityLevel: 4 });
    const { y } = await session.run({ x: new Tensor('float32', [1, 2], [2]) });
    await session.release();
    return y?.data[1] === 4 ? 'ok' : 'computes wrongly';
  } catch (error) {
    return (error as Error).message;
  }
}

/** y = x + x, for two floats. */
function additionModel(): Uint8Array {
  const value = (name: string) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: DataType.FLOAT,
          shape: { dim: [{ value: { case: 'dimValue' as const, value: 2n } }] },
        },
      },
    },
  });
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 20n }],
    graph: {
      name: 'probe',
      node: [{ opType: 'Add', input: ['x', 'x'], output: ['y'] }],
      input: [value('x')],
      output: [value('y')],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
