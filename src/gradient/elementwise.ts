// Gradients of operators that treat every element alike. An input whose gradient is needed has the shape of the output;
// the other one may be broadcast.

import type { BackwardNode, Rule } from './backward.js';

export const identity: Rule = at => [at.gradient];

export const add: Rule = at => [at.gradient, at.gradient];

export const multiply: Rule = at =>
  isSilu(at) ? [silu(at)] : [0, 1].map(i => times(at, i, at.inputs[1 - i]!));

/** The divisor is a number of tokens, which needs no gradient. */
export const divide: Rule = at => [at.add('Div', [at.gradient, at.inputs[1]!])];

export const relu: Rule = at => {
  const isPositive = at.add('Greater', [at.output, at.scalar(0)]);
  return [at.add('Where', [isPositive, at.gradient, at.scalar(0)])];
};

/** GELU, https://arxiv.org/abs/1606.08415, as it is defined (x Phi(x)) or approximated by a tanh. */
export const gelu: Rule = at => (at.attributes.approximate === 'tanh' ? [tanhGelu(at)] : [exactGelu(at)]);

/** Phi(x) + x phi(x), where Phi is the normal distribution and phi its density. */
function exactGelu(at: BackwardNode) {
  const x = at.inputs[0]!;
  const erf = at.add('Erf', [at.add('Mul', [x, at.scalar(Math.SQRT1_2)])]);
  const phi = at.add('Mul', [at.add('Add', [erf, at.scalar(1)]), at.scalar(0.5)]);
  const exponent = at.add('Mul', [at.add('Mul', [x, x]), at.scalar(-0.5)]);
  const density = at.add('Mul', [at.add('Exp', [exponent]), at.scalar(1 / Math.sqrt(2 * Math.PI))]);
  return times(at, 0, at.add('Add', [phi, at.add('Mul', [x, density])]));
}

/** With u = a (x + b x^3) and t = tanh(u): (1 + t) / 2 + x / 2 (1 - t^2) a (1 + 3 b x^2). */
function tanhGelu(at: BackwardNode) {
  const [a, b] = [Math.sqrt(2 / Math.PI), 0.044715];
  const x = at.inputs[0]!;
  const square = at.add('Mul', [x, x]);
  const slope = (factor: number) =>
    at.add('Add', [at.add('Mul', [square, at.scalar(factor * a * b)]), at.scalar(a)]);
  const t = at.add('Tanh', [at.add('Mul', [x, slope(1)])]);
  const half = at.add('Mul', [at.add('Add', [t, at.scalar(1)]), at.scalar(0.5)]);
  const rest = at.add('Sub', [at.scalar(1), at.add('Mul', [t, t])]);
  const halfX = at.add('Mul', [x, at.scalar(0.5)]);
  const second = at.add('Mul', [at.add('Mul', [halfX, rest]), slope(3)]);
  return times(at, 0, at.add('Add', [half, second]));
}

/** Whether the node is x sigmoid(x): SiLU, https://arxiv.org/abs/1702.03118 eq. 5. */
function isSilu(at: BackwardNode): boolean {
  const sigmoid = at.producerOf(at.inputs[1]!);
  return sigmoid?.opType === 'Sigmoid' && sigmoid.inputs[0] === at.inputs[0];
}

/** s + y (1 - s), from s = sigmoid(x) and the output y: two operators less than by way of the sigmoid's own gradient. */
function silu(at: BackwardNode) {
  const s = at.inputs[1]!;
  const rest = at.add('Mul', [at.output, at.add('Sub', [at.scalar(1), s])]);
  return times(at, 0, at.add('Add', [rest, s]));
}

/** The output's gradient times a factor, where the gradient of the input is needed. */
function times(at: BackwardNode, input: number, factor: string) {
  return at.wants(input) ? at.add('Mul', [at.gradient, factor]) : undefined;
}
