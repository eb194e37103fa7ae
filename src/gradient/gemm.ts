// The gradient of a linear layer: y = alpha x W^T + b.

import type { Rule } from './backward.js';

/** Throws where the weight is not transposed: every linear layer here has it as [out, in]. */
export const gemm: Rule = at => {
  const [x, weight] = at.inputs as [string, string];
  if (at.attribute('transB', 0) !== 1) throw new Error(`${at.output}: expected a weight [out, in] (transB)`);
  const alpha = { alpha: { float: at.float('alpha') ?? 1 } };
  return [
    at.wants(0) ? at.add('Gemm', [at.gradient, weight], alpha) : undefined,
    at.wants(1) ? at.add('Gemm', [at.gradient, x], { transA: 1, ...alpha }) : undefined,
    at.wants(2) ? at.add('ReduceSum', [at.gradient, at.integers(0)], { keepdims: 0 }) : undefined,
  ];
};
