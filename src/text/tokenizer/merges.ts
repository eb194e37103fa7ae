// Byte-pair encoding: joins neighbouring tokens by a list of merges, the earliest merge in the list first.

import { MinHeap } from './minHeap.js';

/** The ids of two tokens, and of the token that they make. */
export type Merge = readonly [left: number, right: number, merged: number];

/** Ids, ranks and positions are all below 2^26, so that two of them fit into one exact number (below 2^53). */
const LIMIT = 2 ** 26;

/** Stands in a list of tokens for one that was joined to the token before it. */
export const JOINED = -1;

export class Merges {
  /** The rank of a merge, its index in the list, by its two tokens. */
  readonly #ranks = new Map<number, number>();
  /** The token that a merge makes, by its rank. */
  readonly #merged: Int32Array;

  /** If two merges join the same two tokens, the later one counts. */
  constructor(merges: readonly Merge[]) {
    this.#merged = Int32Array.from(merges, ([, , merged]) => merged);
    for (const [rank, [left, right]] of merges.entries()) this.#ranks.set(pairKey(left, right), rank);
  }

  /** Joins the tokens of a word until no merge applies. Changes `tokens`, and returns those that remain. */
  apply(tokens: number[]): number[] {
    this.join(tokens);
    return tokens.filter(token => token !== JOINED);
  }

  /**
   * Joins the tokens of a word in place until no merge applies: the merge of the lowest rank first, and its leftmost
   * occurrence first. A token that was joined to the one before it becomes JOINED.
   */
  join(tokens: number[]): void {
    const end = tokens.length;
    const next = tokens.map((_, i) => i + 1);
    const previous = tokens.map((_, i) => i - 1);
    // Ordered by rank, then by the position of the left token.
    const queue = new MinHeap();
    const enqueue = (left: number) => {
      const rank =
        left >= 0 && next[left]! < end ? this.#rankOf(tokens[left]!, tokens[next[left]!]!) : undefined;
      if (rank !== undefined) queue.push(rank * LIMIT + left);
    };
    for (let left = 0; left < end; left++) enqueue(left);
    for (let first = queue.pop(); first !== undefined; first = queue.pop()) {
      const rank = Math.floor(first / LIMIT);
      const left = first % LIMIT;
      const right = next[left]!;
      // Either token may have been joined to another one since the pair was queued.
      if (right === end || this.#rankOf(tokens[left]!, tokens[right]!) !== rank) continue;
      tokens[left] = this.#merged[rank]!;
      tokens[right] = JOINED;
      next[left] = next[right]!;
      if (next[left]! < end) previous[next[left]!] = left;
      enqueue(previous[left]!);
      enqueue(left);
    }
  }

  #rankOf(left: number, right: number): number | undefined {
    return this.#ranks.get(pairKey(left, right));
  }
}

function pairKey(left: number, right: number): number {
  return left * LIMIT + right;
}
