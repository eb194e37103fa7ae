// Root mean square normalisation: https://arxiv.org/abs/1910.07467 eq. 4.

import type { GraphContext } from './context.js';
import type { Value } from './graph.js';

/** x * (weight + normOffset) / rms(x) over the last axis, in float32. */
export function rmsNorm({ graph, weights, config }: GraphContext, x: Value, module: string): Value {
  const { normEpsilon, normOffset } = config;
  const weight = weights.write(graph, `${module}.weight`, 'float32', normOffset);
  return graph.node(module, 'RMSNormalization', [x, weight], { axis: -1, epsilon: { float: normEpsilon } });
}
