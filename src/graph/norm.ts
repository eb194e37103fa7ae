// Root mean square normalisation: https://arxiv.org/abs/1910.07467 eq. 4.

import type { DecoderConfig } from '../checkpoint/config.js';
import type { Graph, Value } from './graph.js';
import type { Weights } from './weights.js';

/** x * (weight + normOffset) / rms(x) over the last axis, in float32. */
export function rmsNorm(
  graph: Graph,
  weights: Weights,
  { normEpsilon, normOffset }: DecoderConfig,
  x: Value,
  module: string,
): Value {
  const weight = weights.write(graph, `${module}.weight`, 'float32', normOffset);
  return graph.node(module, 'RMSNormalization', [x, weight], { axis: -1, epsilon: { float: normEpsilon } });
}
