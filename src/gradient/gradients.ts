// Reverse-mode differentiation of a graph: adds the nodes that compute the gradients of a loss. The chain rule is applied
// to one node after another, from the last to the first; what a node contributes is said by its operator's rule.

import type { GraphBuilder, Value } from '../onnx/graphBuilder.js';
import { Backward } from './backward.js';
import { RULES } from './rules.js';

/**
 * Adds the gradients of a loss with respect to `wanted` to the graph. `known` has the loss's gradients with respect to
 * some values of the graph, from which all others follow; each has its value's shape. Nothing is added for nodes that do
 * not depend on a wanted value, so frozen weights have no gradients. `inverses` names, for indices by which a row may be
 * gathered more than once, those that gather each row back: of its copies, only that one may have a gradient.
 * Returns the gradient of each wanted value: float32, of the value's shape.
 * Throws where a node on the way has an operator without a rule, or the loss does not depend on a wanted value.
 */
export function addGradients(
  graph: GraphBuilder,
  known: ReadonlyMap<Value, Value>,
  wanted: readonly Value[],
  inverses: ReadonlyMap<Value, Value> = new Map(),
): Map<Value, Value> {
  const forward = [...graph.nodes];
  const dependent = new Set(wanted);
  for (const { opType, inputs, outputs } of forward) {
    // A shape is the same whatever the values are.
    if (opType === 'Shape') continue;
    if (inputs.some(input => dependent.has(input))) for (const output of outputs) dependent.add(output);
  }
  const backward = new Backward(graph, forward, inverses);
  const terms = new Map<Value, Value[]>([...known].map(([value, gradient]) => [value, [gradient]]));
  const gradientOf = (value: Value) => {
    const found = terms.get(value);
    return found && sum(graph, value, found);
  };
  for (const node of forward.toReversed()) {
    const [output] = node.outputs as [Value];
    if (!node.inputs.some(input => dependent.has(input))) continue;
    const gradient = gradientOf(output);
    if (gradient === undefined) continue;
    const rule = RULES.get(node.opType);
    if (!rule) throw new Error(`${node.name}: expected an operator with a gradient, found ${node.opType}`);
    for (const [i, term] of rule(backward.at(node, gradient, dependent)).entries()) {
      const input = node.inputs[i]!;
      if (term !== undefined && dependent.has(input)) terms.set(input, [...(terms.get(input) ?? []), term]);
    }
  }
  return new Map(
    wanted.map(value => {
      const gradient = gradientOf(value);
      if (gradient === undefined)
        throw new Error(`${value}: expected the loss to depend on it, found no path`);
      return [value, gradient];
    }),
  );
}

/** The sum of the terms that the readers of a value contribute to its gradient. */
function sum(graph: GraphBuilder, value: Value, terms: readonly Value[]): Value {
  const [first, ...others] = terms as [Value, ...Value[]];
  return others.reduce(
    (total, term, i) => graph.node(`${value}.gradient_sum_${i}`, 'Add', [total, term]),
    first,
  );
}
