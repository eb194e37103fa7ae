// Temperature scaling (https://arxiv.org/abs/1706.04599): logits are divided by one number, so that probabilities are
// neither too sure nor too unsure. The most probable label stays the same.

import { logSoftmax } from './probabilities.js';

/** Logits of labels that exclude each other, and the row of the gold label. */
export interface Labelled {
  readonly logits: Float32Array;
  readonly gold: number;
}

const LOWEST = 0.05;
const HIGHEST = 20;
/** Halvings of the range of log(temperature), after which double precision is used up. */
const STEPS = 50;

/**
 * The temperature with the smallest negative log-likelihood of the gold labels. Undefined where it is not from 0.05 to
 * 20, as where all of a few examples are right, so that a lower temperature is always better.
 */
export function fitTemperature(examples: readonly Labelled[]): number | undefined {
  const isTooLow = (temperature: number) => slope(examples, 1 / temperature) > 0;
  if (!isTooLow(LOWEST) || isTooLow(HIGHEST)) return undefined;
  let [low, high] = [Math.log(LOWEST), Math.log(HIGHEST)];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (isTooLow(Math.exp(middle))) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** The mean negative log-likelihood of the gold labels, in nats; 0 where there are no examples. */
export function negativeLogLikelihood(examples: readonly Labelled[], temperature: number): number {
  const total = examples.reduce((sum, { logits, gold }) => sum - logSoftmax(logits, temperature)[gold]!, 0);
  return total / Math.max(1, examples.length);
}

/**
 * The derivative of the negative log-likelihood by the inverse temperature: the expected logit minus that of the gold
 * label, summed over the examples. It never falls, because the likelihood is convex in the inverse temperature.
 */
function slope(examples: readonly Labelled[], inverse: number): number {
  let sum = 0;
  for (const { logits, gold } of examples) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const logit of logits) largest = Math.max(largest, logit);
    let [weights, weighted] = [0, 0];
    for (const logit of logits) {
      const weight = Math.exp((logit - largest) * inverse);
      weights += weight;
      weighted += weight * logit;
    }
    sum += weighted / weights - logits[gold]!;
  }
  return sum;
}
