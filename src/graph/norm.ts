// The norms of a decoder. RMSNorm: https://arxiv.org/abs/1910.07467 eq. 4. LayerNorm: https://arxiv.org/abs/1607.06450.

import type { GraphContext } from './context.js';
import type { Value } from './graph.js';

/**
 * Norms x over its last axis, in float32, multiplies it by the module's weight plus normOffset, and adds the module's
 * bias where norms have one.
 */
export function norm({ graph, weights, config }: GraphContext, x: Value, module: string): Value {
  const weight = weights.write(graph, `${module}.weight`, 'float32', config.normOffset);
  const attributes = { axis: -1, epsilon: { float: config.normEpsilon } };
  if (config.norm === 'rms') return graph.node(module, 'RMSNormalization', [x, weight], attributes);
  const bias = config.normBias ? [weights.write(graph, `${module}.bias`, 'float32')] : [];
  return graph.node(module, 'LayerNormalization', [x, weight, ...bias], attributes);
}
