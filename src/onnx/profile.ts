// The profile that ONNX Runtime writes of a session: which execution provider ran each node.
// Format: https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html

import { readFileSync } from 'node:fs';

/** A node that has run. */
export interface ProfiledNode {
  readonly name: string;
  /** The name of its operator. */
  readonly operator: string;
  /** Such as `CUDAExecutionProvider`. */
  readonly provider: string;
  /** The element types of its outputs, such as `float16`. */
  readonly outputTypes: readonly string[];
}

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly args?: {
    readonly op_name: string;
    readonly provider?: string;
    readonly output_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

const KERNEL = '_kernel_time';

/** The nodes in a profile, in the order in which they ran. */
export function readProfile(path: string): ProfiledNode[] {
  const events = JSON.parse(readFileSync(path, 'utf8')) as Event[];
  return events.flatMap(({ cat, name, args }) => {
    if (cat !== 'Node' || !name.endsWith(KERNEL) || args?.provider === undefined) return [];
    const { op_name: operator, provider, output_type_shape: outputs = [] } = args;
    const outputTypes = outputs.flatMap(Object.keys);
    return [{ name: name.slice(0, -KERNEL.length), operator, provider, outputTypes }];
  });
}
