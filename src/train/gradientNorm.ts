// The norm of all gradients together, and clipping by it: https://arxiv.org/abs/1211.5063 section 3.2.

/** The norm of a step's gradients, taken as one vector. */
export function gradientNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let sum = 0;
  for (const values of gradients.values()) for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** Scales the gradients, in place, so that their norm is at most `greatest`. */
export function clipGradients(
  gradients: ReadonlyMap<string, Float32Array>,
  norm: number,
  greatest: number,
): void {
  // PyTorch's clip_grad_norm_ adds the same small number.
  const factor = greatest / (norm + 1e-6);
  if (factor >= 1) return;
  for (const values of gradients.values()) for (let i = 0; i < values.length; i++) values[i]! *= factor;
}
