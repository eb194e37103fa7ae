// The batches of an epoch: every example once, in an order that depends on the seed and the epoch alone.

import { Random } from './random.js';

/** Examples are sorted by length among so many batches' worth of them, so that a batch needs little padding. */
const SORTED_BATCHES = 16;

/**
 * The batches of an epoch, as indices of examples. Each holds as many examples as fit in `batchTokens`, and one at least.
 * `lengths` are the tokens of each example.
 */
export function epochBatches(
  lengths: readonly number[],
  batchTokens: number,
  seed: number,
  epoch: number,
): number[][] {
  const random = new Random(seed, 'batches', epoch);
  const order = random.shuffled(lengths.map((_, i) => i));
  const lengthOf = (i: number) => lengths[i]!;
  const pools = runsOf(order, lengthOf, SORTED_BATCHES * batchTokens);
  const batches = pools.flatMap(pool =>
    runsOf(
      pool.sort((a, b) => lengthOf(a) - lengthOf(b)),
      lengthOf,
      batchTokens,
    ),
  );
  return random.shuffled(batches);
}

/**
 * Deals examples out to at most `count` shares with nearly the same number of tokens: the longest first, each to the share
 * with the fewest tokens.
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
