// Byte-pair encoding: neighbouring tokens are joined, the earliest merge of the list first, leftmost first.

/** Two tokens' ids, and that of the token they make. */
export type Merge = readonly [left: number, right: number, merged: number];

/** Room for positions beside a rank in one number: words have fewer than 2^26 tokens, lists fewer than 2^26 merges. */
const POSITIONS = 2 ** 26;

export class BytePairs {
  /** The rank of a merge by its two tokens, and the token it makes by its rank. */
  readonly #ranks = new Map<number, number>();
  readonly #merged: Int32Array;

  /** Of two tokens that are listed twice the later merge counts. */
  constructor(merges: readonly Merge[]) {
    this.#merged = Int32Array.from(merges, ([, , merged]) => merged);
    for (const [rank, [left, right]] of merges.entries()) this.#ranks.set(pair(left, right), rank);
  }

  /** Joins a word's tokens, given one a character, in place; returns what is left of them. */
  merge(tokens: number[]): number[] {
    const end = tokens.length;
    const next = tokens.map((_, i) => i + 1);
    const previous = tokens.map((_, i) => i - 1);
    const queue = new MinHeap();
    const consider = (left: number) => {
      const rank =
        left >= 0 && next[left]! < end ? this.#rankOf(tokens[left]!, tokens[next[left]!]!) : undefined;
      if (rank !== undefined) queue.push(rank * POSITIONS + left);
    };
    for (let left = 0; left < end; left++) consider(left);
    for (let first = queue.pop(); first !== undefined; first = queue.pop()) {
      const rank = Math.floor(first / POSITIONS);
      const left = first % POSITIONS;
      const right = next[left]!;
      // either token may have been joined to another since
      if (right === end || this.#rankOf(tokens[left]!, tokens[right]!) !== rank) continue;
      tokens[left] = this.#merged[rank]!;
      tokens[right] = GONE;
      next[left] = next[right]!;
      if (next[left]! < end) previous[next[left]!] = left;
      consider(previous[left]!);
      consider(left);
    }
    return tokens.filter(token => token !== GONE);
  }

  #rankOf(left: number, right: number): number | undefined {
    return this.#ranks.get(pair(left, right));
  }
}

/** Stands where a token was that has been joined to the one before it. */
const GONE = -1;

/** One key for two ids, which are below 2^26. */
function pair(left: number, right: number): number {
  return left * 2 ** 26 + right;
}

/** A binary heap of numbers, the least on top. */
class MinHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let place = items.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (items[parent]! <= item) break;
      items[place] = items[parent]!;
      place = parent;
    }
    items[place] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const least = items[0];
    const item = items.pop();
    if (item === undefined || items.length === 0) return least;
    let place = 0;
    for (let child = 1; child < items.length; child = 2 * place + 1) {
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= item) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
    return least;
  }
}
