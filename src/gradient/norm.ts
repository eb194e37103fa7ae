// Gradients of the norms over the last axis, with respect to their input x. With r = 1 / sqrt(mean(x^2) + epsilon) and
// h = weight * gradient, that of RMSNorm is r (h - x r^2 mean(h x)). LayerNorm centres x and h as well.

import type { BackwardNode, Rule } from './backward.js';

export const rmsNorm: Rule = at => {
  const x = at.inputs[0]!;
  return [scaled(at, x, weighted(at), inverseRoot(at, x))];
};

export const layerNorm: Rule = at => {
  const centred = centre(at, at.inputs[0]!);
  return [scaled(at, centred, centre(at, weighted(at)), inverseRoot(at, centred))];
};

function weighted(at: BackwardNode) {
  return at.add('Mul', [at.gradient, at.inputs[1]!]);
}

function centre(at: BackwardNode, x: string) {
  return at.add('Sub', [x, mean(at, x)]);
}

function mean(at: BackwardNode, x: string) {
  return at.add('ReduceMean', [x, at.integers(-1)], { keepdims: 1 });
}

function inverseRoot(at: BackwardNode, x: string) {
  const power = mean(at, at.add('Mul', [x, x]));
  const shifted = at.add('Add', [power, at.scalar(at.float('epsilon')!)]);
  return at.add('Reciprocal', [at.add('Sqrt', [shifted])]);
}

/** r (h - x r^2 mean(h x)) */
function scaled(at: BackwardNode, x: string, h: string, r: string) {
  const along = mean(at, at.add('Mul', [h, x]));
  const share = at.add('Mul', [along, at.add('Mul', [r, r])]);
  const rest = at.add('Sub', [h, at.add('Mul', [x, share])]);
  return at.add('Mul', [rest, r]);
}
