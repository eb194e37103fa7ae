// Logits to probabilities, in double precision. Logits are divided by the model's temperature first.

/** log(softmax(logits / temperature)), [labels] to [labels], shifted by the largest so that nothing overflows. */
export function logSoftmax(logits: Float32Array, temperature = 1): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit / temperature);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit / temperature - largest);
  const shift = largest + Math.log(total);
  return Float64Array.from(logits, logit => logit / temperature - shift);
}

/** Probabilities of labels that exclude each other, [labels] to [labels]. Their sum is 1. */
export function softmax(logits: Float32Array, temperature = 1): Float64Array {
  return logSoftmax(logits, temperature).map(Math.exp);
}

/** Probability of each label on its own, [labels] to [labels], for multi-label heads. */
export function sigmoid(logits: Float32Array, temperature = 1): Float64Array {
  return Float64Array.from(logits, logit => 1 / (1 + Math.exp(-logit / temperature)));
}
