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
 * The base's tensors and those of the head, of which only the shapes are known. Throws UserError where the base has other
 * parts than a decoder, or has a linear layer not as a tensor of its own: PEFT would look for LoRA on another layer.
 */
export function withNewHead({ weights, decoder, otherParts }: Base, head: Head): TensorSource {
  if (otherParts.size > 0) {
    throw new UserError(
      `${weights.name}: expected a language model, found one with ${[...otherParts].join(', ')} as well: train its text part on its own`,
    );
  }
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
