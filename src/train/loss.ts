// The loss of a batch, and its gradient with respect to the logits.

import type { Graph, Value } from '../graph/graph.js';
import { LOSS, LOSS_SCALE, TARGETS } from './names.js';

/** `single`: cross-entropy over the labels of a row. `multi`: binary cross-entropy of each label on its own. */
export type LossKind = 'single' | 'multi';

/**
 * Adds the loss of logits [rows, labels] as an output: its sum over rows, times the input `loss_scale`. The input
 * `targets` [rows, labels] is 1 where a row has a label and 0 elsewhere. Returns the gradient of the logits.
 */
export function addLoss(graph: Graph, logits: Value, kind: LossKind, rows: string, labels: number): Value {
  const targets = graph.input(TARGETS, 'float32', [rows, labels]);
  const scale = graph.input(LOSS_SCALE, 'float32', []);
  const hits = graph.node('loss.hits', 'Mul', [targets, logits]);
  // Cross-entropy is log(sum(exp(logits))) - logit; the binary one log(1 + exp(logit)) - target * logit, for each label.
  const [normaliser, probabilities] =
    kind === 'single'
      ? [
          graph.node('loss.normaliser', 'ReduceLogSumExp', [
            logits,
            graph.constant('loss.axis', [1], BigInt64Array.of(1n)),
          ]),
          graph.node('loss.probabilities', 'Softmax', [logits], { axis: 1 }),
        ]
      : [
          graph.node('loss.normaliser', 'Softplus', [logits]),
          graph.node('loss.probabilities', 'Sigmoid', [logits]),
        ];
  const sum = (name: string, x: Value) => graph.node(name, 'ReduceSum', [x], { keepdims: 0 });
  const total = graph.node('loss.total', 'Sub', [
    sum('loss.normalisers', normaliser),
    sum('loss.hit_sum', hits),
  ]);
  graph.output(graph.node(LOSS, 'Mul', [total, scale]), 'float32', []);
  const difference = graph.node('loss.difference', 'Sub', [probabilities, targets]);
  return graph.node('loss.logits_gradient', 'Mul', [difference, scale]);
}
