// The tensors that are trained: LoRA's matrices and the label head. All their values are in one array, so that a step can
// treat them, and their gradients, alike.

import type { Head } from '../checkpoint/head.js';
import type { WrittenTensor } from '../checkpoint/safetensorsWriter.js';
import { elementCount } from '../checkpoint/tensors.js';
import type { Lora } from './lora.js';
import { Random } from './random.js';

/**
 * The shapes of the trained tensors by canonical name, in the order of their values: the decoder's modules
 * (layers.0.self_attn.q_proj.lora_A.weight, …), then the head (score.weight, …).
 */
export type Layout = ReadonlyMap<string, readonly number[]>;

export function layoutOf(lora: Lora, head: Head, hiddenSize: number): Layout {
  const matrices = lora.modules.flatMap(module => [lora.a(module), lora.b(module)]);
  return new Map([
    ...matrices.map(name => [name, lora.shapeOf(name)!] as const),
    [head.weight, [head.rows, hiddenSize]],
    ...(head.bias ? [[head.bias, [head.rows]] as const] : []),
  ]);
}

/** The number of values of all tensors. */
export function sizeOf(layout: Layout): number {
  return [...layout.values()].reduce((sum, shape) => sum + elementCount(shape), 0);
}

/** The tensors whose values, or gradients, are in `values`, as views of it. */
export function tensorsOf(layout: Layout, values: Float32Array): Map<string, WrittenTensor> {
  let start = 0;
  return new Map(
    [...layout].map(([name, shape]) => {
      const end = start + elementCount(shape);
      const own = values.subarray(start, end);
      start = end;
      return [name, { shape, values: own }];
    }),
  );
}

/** The standard deviation of a new head's weights: initializer_range, whose default all families here have. */
const HEAD_DEVIATION = 0.02;

/**
 * The values before the first step, as PEFT and transformers make them: A is uniform within 1 / sqrt(in), B is zero, so
 * that the model computes what the base does; the head's weights are normal, its bias is zero.
 */
export function initialValues(layout: Layout, lora: Lora, head: Head, seed: number): Float32Array {
  const all = new Float32Array(sizeOf(layout));
  const tensors = tensorsOf(layout, all);
  const fill = (name: string, draw: (random: Random) => number) => {
    const { values } = tensors.get(name)!;
    const random = new Random(seed, 'initial', name);
    for (let i = 0; i < values.length; i++) values[i] = draw(random);
  };
  for (const module of lora.modules) {
    const bound = 1 / Math.sqrt(layout.get(lora.a(module))![1]!);
    fill(lora.a(module), random => bound * (2 * random.uniform() - 1));
  }
  fill(head.weight, random => HEAD_DEVIATION * random.normal());
  return all;
}
