// Which execution providers of ONNX Runtime work on this machine, found by running a small model on each.

import { GraphBuilder } from '../onnx/graphBuilder.js';
import { createSession, runtimeVersion, Tensor } from '../onnx/runtime.js';

export interface RuntimeReport {
  /** The version of ONNX Runtime. */
  readonly version: string;
  /** For each provider `ok`, or the reason why it does not work. */
  readonly providers: Record<string, string>;
}

/** Runs one addition on each provider that this program uses. */
export async function probeRuntime(): Promise<RuntimeReport> {
  const model = additionModel();
  const providers: Record<string, string> = {};
  for (const device of ['cpu', 'cuda']) providers[device] = await tryProvider(device, model);
  return { version: runtimeVersion(), providers };
}

async function tryProvider(device: string, model: Uint8Array): Promise<string> {
  try {
    const session = await createSession(model, { device, threads: 1 });
    const { y } = await session.run({ x: new Tensor('float32', [1, 2], [2]) });
    await session.release();
    return y?.data[1] === 4 ? 'ok' : 'computes wrongly';
  } catch (error) {
    return (error as Error).message;
  }
}

/** y = x + x, for two floats. */
function additionModel(): Uint8Array {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [2]);
  graph.output(graph.node('y', 'Add', [x, x]), 'float32', [2]);
  return graph.toBytes('probe');
}
