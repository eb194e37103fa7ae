// The frozen base of a training run, with a label head of a given size that is still to be trained.

import type { Base } from '../checkpoint/base.js';
import type { Head } from '../checkpoint/head.js';
import { linearLayers } from '../checkpoint/layers.js';
import type { TensorInfo, TensorSource } from '../checkpoint/tensors.js';
import { UserError } from '../errors.js';
import type { Task } from '../model/manifest.js';

/** The head's tensors, as transformers names them: a token classifier's has a bias. */
export function newHead(task: Task, labels: number): Head {
  return { weight: 'score.weight', bias: task === 'token' ? 'score.bias' : undefined, rows: labels };
}

/**
 * The base's tensors and those of the head, of which only the shapes are known. Throws UserError naming the first linear
 * layer that the base does not have as a tensor of its own: LoRA would be trained on another layer than PEFT has.
 */
export function withNewHead({ weights, decoder }: Base, head: Head): TensorSource {
  for (const { name } of linearLayers(decoder)) {
    const tensor = `layers.0.${name}.weight`;
    if (!weights.tensors.has(tensor)) {
      throw new UserError(
        `${weights.name}: expected ${tensor}, found none: training needs each linear layer as a tensor of its own, and this family has some of them in one`,
      );
    }
  }
  const info = (name: string, shape: readonly number[]): [string, TensorInfo] => [
    name,
    { name, dtype: 'F32', shape },
  ];
  const tensors = new Map([
    ...weights.tensors,
    info(head.weight, [head.rows, decoder.hiddenSize]),
    ...(head.bias ? [info(head.bias, [head.rows])] : []),
  ]);
  return { ...weights, tensors };
}
