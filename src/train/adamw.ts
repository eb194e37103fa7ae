// AdamW, https://arxiv.org/abs/1711.05101 algorithm 2, in float32 and in PyTorch's order of operations.

import type { Parameters } from './parameters.js';

interface AdamWOptions {
  /** The decay of the averages of the gradient and of its square. */
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** PyTorch's defaults. */
const ADAMW: AdamWOptions = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01 };

/** The averages of each trained tensor's gradient and of its square, and the steps that they hold. */
export interface AdamWState {
  steps: number;
  readonly first: ReadonlyMap<string, Float32Array>;
  readonly second: ReadonlyMap<string, Float32Array>;
}

export function newAdamWState({ tensors }: Parameters): AdamWState {
  const zeros = () =>
    new Map([...tensors].map(([name, { values }]) => [name, new Float32Array(values.length)]));
  return { steps: 0, first: zeros(), second: zeros() };
}

/** Takes one step: changes the parameters and the state. `gradients` are by the tensors' names. */
export function adamWStep(
  { tensors }: Parameters,
  gradients: ReadonlyMap<string, Float32Array>,
  state: AdamWState,
  learningRate: number,
  { betas: [beta1, beta2], epsilon, weightDecay }: AdamWOptions = ADAMW,
): void {
  state.steps++;
  const stepSize = learningRate / (1 - beta1 ** state.steps);
  const root = Math.sqrt(1 - beta2 ** state.steps);
  const decay = 1 - learningRate * weightDecay;
  for (const [name, { values }] of tensors) {
    const gradient = gradients.get(name)!;
    const first = state.first.get(name)!;
    const second = state.second.get(name)!;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]!;
      first[i] = first[i]! + (g - first[i]!) * (1 - beta1);
      second[i] = second[i]! * beta2 + g * g * (1 - beta2);
      values[i] = values[i]! * decay - (stepSize * first[i]!) / (Math.sqrt(second[i]!) / root + epsilon);
    }
  }
}
