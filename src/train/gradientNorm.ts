// The norm of all gradients together, and clipping by it: https://arxiv.org/abs/1211.5063 section 3.2.

export function gradientNorm(gradients: Float32Array): number {
  let sum = 0;
  // An iterator over the array would take ten times as long.
  for (let i = 0; i < gradients.length; i++) sum += gradients[i]! ** 2;
  return Math.sqrt(sum);
}

/** Scales the gradients, in place, so that their norm is at most `greatest`. */
export function clipGradients(gradients: Float32Array, norm: number, greatest: number): void {
  // PyTorch's clip_grad_norm_ adds the same small number.
  const factor = greatest / (norm + 1e-6);
  if (factor >= 1) return;
  for (let i = 0; i < gradients.length; i++) gradients[i]! *= factor;
}
