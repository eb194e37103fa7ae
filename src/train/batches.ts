// The batches of an epoch: every example once, in an order that depends on the seed and the epoch alone.

import { Random } from './random.js';

/**
 * The batches of an epoch, as indices of examples. Each holds as many examples as fit in `batchTokens`, and one at least.
 * `lengths` are the tokens of each example. Texts of similar length come together later, in the passes of a batch.
 */
export function epochBatches(
  lengths: readonly number[],
  batchTokens: number,
  seed: number,
  epoch: number,
): number[][] {
  const random = new Random(seed, 'batches', epoch);
  const order = random.shuffled(lengths.map((_, i) => i));
  return runsOf(order, i => lengths[i]!, batchTokens);
}

/**
 * Deals examples out to at most `count` shares with nearly the same number of tokens: the longest first, each to the share
 * with the fewest tokens. So each share begins with its longest example.
 */
export function evenSharesOf<T>(
  examples: readonly T[],
  lengthOf: (example: T) => number,
  count: number,
): T[][] {
  const shares = Array.from({ length: count }, () => ({ tokens: 0, own: [] as T[] }));
  for (const example of examples.toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    const share = shares.reduce((least, each) => (each.tokens < least.tokens ? each : least));
    share.own.push(example);
    share.tokens += lengthOf(example);
  }
  return shares.map(({ own }) => own).filter(own => own.length > 0);
}

/** Splits examples, in their order, into at most `count` runs with nearly the same number of tokens. */
export function evenRunsOf<T>(
  examples: readonly T[],
  lengthOf: (example: T) => number,
  count: number,
): T[][] {
  const runs = Array.from({ length: count }, (): T[] => []);
  const tokens = examples.reduce((sum, example) => sum + lengthOf(example), 0);
  let before = 0;
  for (const example of examples) {
    // An example belongs to the run in which its middle lies.
    runs[Math.floor(((before + lengthOf(example) / 2) * count) / tokens)]!.push(example);
    before += lengthOf(example);
  }
  return runs.filter(run => run.length > 0);
}

/** Splits examples, in their order, into runs of at most `tokens` tokens, or of one example. */
export function runsOf<T>(examples: readonly T[], lengthOf: (example: T) => number, tokens: number): T[][] {
  const runs: T[][] = [];
  let room = 0;
  for (const example of examples) {
    if (runs.length === 0 || lengthOf(example) > room) {
      runs.push([]);
      room = tokens;
    }
    runs.at(-1)!.push(example);
    room -= lengthOf(example);
  }
  return runs;
}
