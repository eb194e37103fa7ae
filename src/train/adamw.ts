// AdamW, https://arxiv.org/abs/1711.05101 algorithm 2, with the results of each step kept in float32.

interface AdamWOptions {
  /** The decay of the averages of the gradient and of its square. */
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** PyTorch's defaults. */
const ADAMW: AdamWOptions = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01 };

/** The averages of each trained value's gradient and of its square, and the steps that they hold. */
export interface AdamWState {
  steps: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export function newAdamWState(values: number): AdamWState {
  return { steps: 0, first: new Float32Array(values), second: new Float32Array(values) };
}

/** Takes one step: changes the trained values and the state. */
export function adamWStep(
  values: Float32Array,
  gradients: Float32Array,
  state: AdamWState,
  learningRate: number,
  { betas: [beta1, beta2], epsilon, weightDecay }: AdamWOptions = ADAMW,
): void {
  const { first, second } = state;
  state.steps++;
  const stepSize = learningRate / (1 - beta1 ** state.steps);
  const inverseRoot = 1 / Math.sqrt(1 - beta2 ** state.steps);
  const decay = 1 - learningRate * weightDecay;
  for (let i = 0; i < values.length; i++) {
    const g = gradients[i]!;
    first[i] = first[i]! + (g - first[i]!) * (1 - beta1);
    second[i] = second[i]! * beta2 + g * g * (1 - beta2);
    values[i] = values[i]! * decay - (stepSize * first[i]!) / (Math.sqrt(second[i]!) * inverseRoot + epsilon);
  }
}
