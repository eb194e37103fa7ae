// Gradients of operators that move rows.

import type { Rule } from './backward.js';

export const reshape: Rule = at => [at.add('Reshape', [at.gradient, at.add('Shape', [at.inputs[0]!])])];

/** Each row of the gradient is added to the row that it was gathered from. */
export const gather: Rule = at => {
  const [x, indices] = at.inputs as [string, string];
  const zeros = at.add('ConstantOfShape', [at.add('Shape', [x])]);
  const places = at.add('Unsqueeze', [indices, at.integers(-1)]);
  return [at.add('ScatterND', [zeros, places, at.gradient], { reduction: 'add' })];
};

/**
 * The updates of a sum, or of a maximum: each gets the gradient of the element that it went to, for a maximum only where
 * it is the greatest one.
 */
export const scatterElements: Rule = at => {
  const [, indices, updates] = at.inputs as [string, string, string];
  const gradient = at.add('GatherElements', [at.gradient, indices], { axis: 0 });
  if (at.attributes.reduction !== 'max') return [undefined, undefined, gradient];
  const greatest = at.add('GatherElements', [at.output, indices], { axis: 0 });
  const isGreatest = at.add('Equal', [updates, greatest]);
  return [undefined, undefined, at.add('Where', [isGreatest, gradient, at.scalar(0)])];
};
