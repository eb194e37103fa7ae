// The gradient of scaled dot product attention, https://arxiv.org/abs/1706.03762 eq. 1. The probabilities are computed
// again, so that none have to be kept from the forward pass.
//
// Shapes: B sequences of L tokens, G query heads that share each of K heads of keys and values, D channels a head.

import type { Value } from '../onnx/graphBuilder.js';
import type { BackwardNode, Rule } from './backward.js';

/** What is added to the score of a hidden place, so that its probability is zero. */
const HIDDEN = -1e30;

/** A rotation's inverse turns by the negative angle. */
export const rotaryEmbedding: Rule = at => {
  const [, cos, sin] = at.inputs as [Value, Value, Value];
  return [at.add('RotaryEmbedding', [at.gradient, cos, at.add('Neg', [sin])], at.attributes)];
};

export const attention: Rule = at => {
  const kvHeads = at.attribute('kv_num_heads', 1);
  const group = at.attribute('q_num_heads', 1) / kvHeads;
  const [q, k, v] = at.inputs as [Value, Value, Value];
  const queries = toHeads(at, q, kvHeads, group);
  const keys = toHeads(at, k, kvHeads, 1);
  const values = toHeads(at, v, kvHeads, 1);
  const outputGradient = toHeads(at, at.gradient, kvHeads, group);

  const scale = at.scalar(at.float('scale')!);
  const scores = at.add('Mul', [at.add('MatMul', [queries, transposed(at, keys)]), scale]);
  const { capped, slope } = softCap(at, scores);
  const offsets = at.add('Where', [visiblePlaces(at, q), at.scalar(0), at.scalar(HIDDEN)]);
  const probabilities = at.add('Softmax', [at.add('Add', [capped, offsets])], { axis: -1 });

  // For each row of probabilities p with gradients g, those of its scores are p (g - sum(p g)).
  const gradients = at.add('MatMul', [outputGradient, transposed(at, values)]);
  const along = at.add('ReduceSum', [at.add('Mul', [probabilities, gradients]), at.integers(-1)], {
    keepdims: 1,
  });
  const centred = at.add('Mul', [probabilities, at.add('Sub', [gradients, along])]);
  const scoreGradients = at.add('Mul', [slope ? at.add('Mul', [centred, slope]) : centred, scale]);

  return [
    fromHeads(at, at.add('MatMul', [scoreGradients, keys])),
    fromHeads(at, overGroup(at, at.add('MatMul', [transposed(at, scoreGradients), queries]))),
    fromHeads(at, overGroup(at, at.add('MatMul', [transposed(at, probabilities), outputGradient]))),
  ];
};

/** [B, L, K * G * D] to [B, K, G, L, D]. */
function toHeads(at: BackwardNode, x: Value, kvHeads: number, group: number): Value {
  const split = at.add('Reshape', [x, at.integers(0, 0, kvHeads, group, -1)]);
  return at.add('Transpose', [split], { perm: [0, 2, 3, 1, 4] });
}

/** [B, K, G, L, D] to [B, L, K * G * D]. */
function fromHeads(at: BackwardNode, x: Value): Value {
  return at.add('Reshape', [at.add('Transpose', [x], { perm: [0, 3, 1, 2, 4] }), at.integers(0, 0, -1)]);
}

/** Sums over the query heads of a group: [B, K, G, L, D] to [B, K, 1, L, D]. */
function overGroup(at: BackwardNode, x: Value): Value {
  return at.add('ReduceSum', [x, at.integers(2)], { keepdims: 1 });
}

/** Exchanges the last two of five dimensions. */
function transposed(at: BackwardNode, x: Value): Value {
  return at.add('Transpose', [x], { perm: [0, 1, 2, 4, 3] });
}

/** cap * tanh(scores / cap) and its slope 1 - tanh^2, in families that limit the scores of attention so. */
function softCap(at: BackwardNode, scores: Value): { capped: Value; slope?: Value } {
  const cap = at.float('softcap');
  if (!cap) return { capped: scores };
  const tanh = at.add('Tanh', [at.add('Mul', [scores, at.scalar(1 / cap)])]);
  const slope = at.add('Sub', [at.scalar(1), at.add('Mul', [tanh, tanh])]);
  return { capped: at.add('Mul', [tanh, at.scalar(cap)]), slope };
}

/** The places that a query sees, bools that broadcast to [B, K, G, L, L]: the node's mask, its causal mask or its lengths. */
function visiblePlaces(at: BackwardNode, q: Value): Value {
  const [mask, lengths] = [at.inputs[3], at.inputs[6]];
  if (mask) return mask;
  const length = at.add('Squeeze', [at.add('Shape', [q], { start: 1, end: 2 })]);
  const places = at.add('Range', [at.integer(0), length, at.integer(1)]);
  if (lengths) {
    return at.add('Less', [places, at.add('Unsqueeze', [lengths, at.integers(1, 2, 3, 4)])]);
  }
  return at.add('GreaterOrEqual', [at.add('Unsqueeze', [places, at.integers(1)]), places]);
}
