// Gradients of operators that move rows.

import type { Rule } from './backward.js';

export const reshape: Rule = at => [at.add('Reshape', [at.gradient, at.add('Shape', [at.inputs[0]!])])];

/**
 * Each row of the gradient is added to the row that it was gathered from. ONNX Runtime may add rows in several threads at
 * once, and loses one of two that go to the same place. So where a row may be gathered twice, the indices of the gather
 * that undoes this one have to be known.
 */
export const gather: Rule = at => {
  const [x, indices] = at.inputs as [string, string];
  const inverse = at.inverseOf(indices);
  if (inverse !== undefined) {
    const width = at.add('Shape', [x], { start: 1 });
    const rows = at.add('Concat', [at.integers(-1), width], { axis: 0 });
    return [at.add('Gather', [at.add('Reshape', [at.gradient, rows]), inverse], { axis: 0 })];
  }
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
