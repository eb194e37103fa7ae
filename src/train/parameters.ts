// The tensors that are trained: LoRA's matrices and the label head.

import type { Head } from '../checkpoint/head.js';
import type { WrittenTensor } from '../checkpoint/safetensorsWriter.js';
import { elementCount } from '../checkpoint/tensors.js';
import type { Lora } from './lora.js';
import { Random } from './random.js';

export interface Parameters {
  /** By canonical name, in the order of the decoder's modules: layers.0.self_attn.q_proj.lora_A.weight, …, score.weight. */
  readonly tensors: ReadonlyMap<string, WrittenTensor>;
  /** The rows of the head. */
  readonly labels: number;
}

/** The standard deviation of a new head's weights: initializer_range, whose default all families here have. */
const HEAD_DEVIATION = 0.02;

/**
 * The parameters before the first step, as PEFT and transformers make them: A is uniform within 1 / sqrt(in), B is zero,
 * so that the model computes what the base does; the head's weights are normal, its bias is zero.
 */
export function initialParameters(lora: Lora, head: Head, hiddenSize: number, seed: number): Parameters {
  const tensors = new Map<string, WrittenTensor>();
  const fill = (name: string, shape: readonly number[], draw: (random: Random) => number) => {
    const random = new Random(seed, 'initial', name);
    const values = new Float32Array(elementCount(shape));
    tensors.set(name, { shape, values: values.map(() => draw(random)) });
  };
  for (const module of lora.modules) {
    const shape = lora.shapeOf(lora.a(module))!;
    const bound = 1 / Math.sqrt(shape[1]!);
    fill(lora.a(module), shape, random => bound * (2 * random.uniform() - 1));
    fill(lora.b(module), lora.shapeOf(lora.b(module))!, () => 0);
  }
  fill(head.weight, [head.rows, hiddenSize], random => HEAD_DEVIATION * random.normal());
  if (head.bias) fill(head.bias, [head.rows], () => 0);
  return { tensors, labels: head.rows };
}

/** A copy that later steps do not change. */
export function copyOf({ tensors, labels }: Parameters): Parameters {
  return {
    labels,
    tensors: new Map(
      [...tensors].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]),
    ),
  };
}
