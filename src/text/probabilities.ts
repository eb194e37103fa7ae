// Logits to probabilities, in double precision.

/** log(softmax(logits)), [labels] to [labels], shifted by the largest logit so that nothing overflows. */
export function logSoftmax(logits: Float32Array): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - largest);
  const shift = largest + Math.log(total);
  return Float64Array.from(logits, logit => logit - shift);
}

/** Probabilities of labels that exclude each other, [labels] to [labels]. Their sum is 1. */
export function softmax(logits: Float32Array): Float64Array {
  return logSoftmax(logits).map(Math.exp);
}

/** Probability of each label on its own, [labels] to [labels], for multi-label heads. */
export function sigmoid(logits: Float32Array): Float64Array {
  return Float64Array.from(logits, logit => 1 / (1 + Math.exp(-logit)));
}
