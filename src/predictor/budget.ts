// Finds the budget of a model on this machine: the fewest tokens in a forward pass that give nearly its best throughput.

import { countTokens, type Sequence } from '../engine/sequence.js';
import type { Manifest } from '../model/manifest.js';

/** The budgets that are tried, in tokens. */
const SIZES = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
/** Tokens in each sequence of a timed pass: about two sentences. */
const LENGTH = 64;
/** Tokens of a budget that stay unused, because the next sequence seldom fits exactly. */
const UNUSED = LENGTH / 2;
/** The limit for all passes together, in seconds. A pass that would exceed it is left out. */
const SECONDS = 0.8;
/** How often each size is timed, in turn. Its best time counts, because other programs may have used the cores. */
const ROUNDS = 3;
/** The share of the best throughput that a smaller size must reach to be preferred. */
const NEAR = 0.96;

/** Runs one forward pass. Resolves to the seconds it took. */
export type Pass = (sequences: readonly Sequence[]) => Promise<number>;

/**
 * Times passes of more and more tokens, up to `largest`. A first pass of the few tokens in `brief` predicts how long
 * the others take. Resolves to the budget in tokens, or to undefined if the model is too slow to time any size, or a
 * pass fails.
 */
export async function findBudget(
  manifest: Pick<Manifest, 'task' | 'pooling' | 'maxLength' | 'vocabSize'>,
  brief: readonly Sequence[],
  pass: Pass,
  largest: number,
): Promise<number | undefined> {
  const times = new Map<number, number>();
  let spent = await pass(brief).catch(() => SECONDS);
  let perToken = spent / countTokens(brief);
  for (let round = 0; round < ROUNDS; round++) {
    for (const tokens of SIZES) {
      const filled = tokens - UNUSED;
      if (tokens > largest || spent + filled * perToken > SECONDS) break;
      const seconds = await pass(sampleSequences(manifest, filled)).catch(() => undefined);
      if (seconds === undefined) break;
      spent += seconds;
      perToken = seconds / filled;
      times.set(tokens, Math.min(seconds, times.get(tokens) ?? seconds));
    }
  }
  const throughput = (tokens: number) => (tokens - UNUSED) / (times.get(tokens) ?? Number.POSITIVE_INFINITY);
  const best = Math.max(...SIZES.map(throughput));
  return best > 0 ? SIZES.find(tokens => throughput(tokens) >= NEAR * best) : undefined;
}

/** Sequences of `tokens` tokens in all. Their ids are those of no text, so they need no tokenizer. */
export function sampleSequences(
  { task, pooling, maxLength, vocabSize }: Parameters<typeof findBudget>[0],
  tokens: number,
): Sequence[] {
  const longest = Math.min(LENGTH, maxLength);
  return Array.from({ length: Math.ceil(tokens / longest) }, (_, i) => {
    const ids = Int32Array.from(
      { length: Math.min(longest, tokens - i * longest) },
      (_, at) => at % vocabSize,
    );
    const positions = task === 'token' ? ids.map((_, at) => at) : Int32Array.of(ids.length - 1);
    return { ids, headPositions: task === 'token' || pooling === 'last' ? positions : new Int32Array(0) };
  });
}
