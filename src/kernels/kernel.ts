// ONNX Runtime as a calculator: a few operators on every core, for the arithmetic of an export.

import { usableCores } from '../machine/cores.js';
import type { ElementType } from '../onnx/elementTypes.js';
import { GraphBuilder, type Value } from '../onnx/graphBuilder.js';
import { createSession, type InferenceSession, Tensor } from '../onnx/runtime.js';

export { Tensor };

/** Adds a kernel's operators to a graph and returns the value that is its result. */
export type BuildKernel = (graph: GraphBuilder) => Value;

/** Computes a kernel: named tensors in, the result written into `result`. */
export type Kernel = (inputs: Readonly<Record<string, Tensor>>, result: Tensor) => Promise<void>;

/** Makes a kernel whose result is a matrix of `type`. Its session is made at the first call. */
export function kernel(type: ElementType, build: BuildKernel): Kernel {
  let session: Promise<InferenceSession> | undefined;
  let output: Value;
  const load = () => {
    const graph = new GraphBuilder();
    output = build(graph);
    graph.output(output, type, [`${output}_rows`, `${output}_columns`]);
    // Between two pieces the cores have reading, hashing and writing to do, so idle threads sleep.
    const features = { idleThreadsSleep: true };
    return createSession(graph.toBytes(output), { device: 'cpu', threads: usableCores() }, features);
  };
  return async (inputs, result) => {
    session ??= load();
    await (await session).run(inputs, { [output]: result });
  };
}

/** Declares an input that is a matrix of float32s of any size. */
export function matrixInput(graph: GraphBuilder, name: string): Value {
  return graph.input(name, 'float32', [`${name}_rows`, `${name}_columns`]);
}

/** Declares an input that is one float32. */
export function scalarInput(graph: GraphBuilder, name: string): Value {
  return graph.input(name, 'float32', []);
}
