// From a row of logits a word to the most probable valid sequence of tags.

import { logSoftmax } from './probabilities.js';
import { OUTSIDE, type Scheme, type Tag } from './scheme.js';

export interface TaggedWord {
  /** The label's row in the head, or -1 for a word without a token, which is O. */
  readonly label: number;
  /** Probability of that label for this word alone; 1 for a word without a token. */
  readonly score: number;
}

/**
 * Viterbi over the words' log-probabilities, with transitions that the scheme forbids left out.
 * @param logits one row [labels] a word, or null for a word without a token
 */
export function bestTags(logits: readonly (Float32Array | null)[], scheme: Scheme): TaggedWord[] {
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
  return labels
    .reverse()
    .map((label, word) => ({ label, score: label < 0 ? 1 : Math.exp(rows[word]![label]!) }));
}

interface State {
  readonly tag: Tag;
  readonly label: number;
  /** Of the best valid path that ends here. */
  readonly logProbability: number;
  readonly previous: State | null;
}

/** The best state that `next` may follow; the first in a tie. There always is one: see Scheme. */
function bestPrevious(states: readonly State[], next: Tag, scheme: Scheme): State | null {
  let best: State | null = null;
  for (const state of states) {
    if (scheme.allows(state.tag, next) && (!best || state.logProbability > best.logProbability)) best = state;
  }
  return best;
}
