// Decoding: one row of logits per word to one tag per word.

import { OUTSIDE, type Tag } from './notation.js';
import { logSoftmax } from './probabilities.js';
import type { Scheme } from './scheme.js';

export interface TaggedWord {
  /** The label's row in the head, or -1 for a word without a token, whose tag is O. */
  readonly label: number;
  /** Probability of that label for this word alone, at the model's temperature; 1 for a word without a token. */
  readonly score: number;
}

export const DECODING = { enum: ['valid', 'argmax'] } as const;

/**
 * `valid`: the most probable sequence of tags that is valid in the scheme, so that no entity begins with I-X where the
 * set has B-X. `argmax`: the most probable tag of each word alone, as transformers' pipeline has it.
 */
export type Decoding = (typeof DECODING.enum)[number];

/**
 * Decodes the logits of a text. The temperature changes the scores of tags, and never which tags are chosen.
 * @param logits one row [labels] per word, or null for a word without a token
 */
export function decode(
  logits: readonly (Float32Array | null)[],
  scheme: Scheme,
  decoding: Decoding,
  temperature = 1,
): TaggedWord[] {
  const labels = decoding === 'valid' ? validTags(logits, scheme) : logits.map(mostProbable);
  return labels.map((label, word) => {
    const row = logits[word];
    return { label, score: row ? Math.exp(logSoftmax(row, temperature)[label]!) : 1 };
  });
}

/** The tag of the greatest logit, the first one in a tie; -1 for a word without a token. */
function mostProbable(row: Float32Array | null): number {
  return row ? row.indexOf(Math.max(...row)) : -1;
}

/** Viterbi over the words' log-probabilities, without the transitions that the scheme forbids. */
function validTags(logits: readonly (Float32Array | null)[], scheme: Scheme): number[] {
  const rows = logits.map(row => (row ? logSoftmax(row) : null));
  let states: State[] = [{ tag: OUTSIDE, label: -1, logProbability: 0, previous: null }];
  for (const row of rows) {
    const candidates: [number, Tag, number][] = row
      ? scheme.tags.map((tag, label) => [label, tag, row[label]!])
      : [[-1, OUTSIDE, 0]];
    states = candidates.flatMap(([label, tag, logProbability]) => {
      const previous = bestPrevious(states, tag, scheme);
      return previous
        ? [{ tag, label, logProbability: previous.logProbability + logProbability, previous }]
        : [];
    });
  }
  const labels: number[] = [];
  for (let state = bestPrevious(states, OUTSIDE, scheme)!; state.previous; state = state.previous) {
    labels.push(state.label);
  }
  return labels.reverse();
}

/** A word with one of its tags: a node of the Viterbi lattice. */
interface State {
  readonly tag: Tag;
  readonly label: number;
  /** Log-probability of the best valid path that ends in this state. */
  readonly logProbability: number;
  readonly previous: State | null;
}

/**
 * The best state that `next` may follow, the first one in a tie; null if `next` may follow none of them. A whole
 * valid path always exists, because by the rules of Scheme every label set can tag a word whatever its neighbours are.
 */
function bestPrevious(states: readonly State[], next: Tag, scheme: Scheme): State | null {
  let best: State | null = null;
  for (const state of states) {
    if (scheme.allows(state.tag, next) && (!best || state.logProbability > best.logProbability)) best = state;
  }
  return best;
}
