// How many tokens a forward pass should have on this machine: the fewest with which the model is as fast as it gets.

import type { Sequence } from '../engine/batch.js';
import type { Manifest } from '../model/manifest.js';

const SIZES = [64, 128, 256, 512, 1024];
/** Tokens in each sequence: about two sentences. */
const LENGTH = 64;
/** For all of it. A pass that would not end within is left out. */
const SECONDS = 0.5;
/** A pass as short as this is timed again, as its time says little. */
const BRIEF_SECONDS = 0.02;
const REPEATS = 3;
/** Of the best throughput; less of it is not given up for shorter passes. */
const NEAR = 0.95;

/** One forward pass; seconds it took. */
export type Pass = (sequences: readonly Sequence[]) => Promise<number>;

/**
 * Times passes of more and more tokens, after one of `brief`, a few tokens, that tells how long they may take.
 * Undefined where the model is too slow for any to be timed, or a pass fails.
 */
export async function findBudget(
  manifest: Pick<Manifest, 'task' | 'pooling' | 'maxLength' | 'vocabSize'>,
  brief: readonly Sequence[],
  pass: Pass,
): Promise<number | undefined> {
  const throughput = new Map<number, number>();
  let spent = 0;
  let last = await pass(brief).catch(() => SECONDS);
  for (const tokens of SIZES) {
    if (spent + 2 * last > SECONDS) break;
    const seconds: number[] = [];
    try {
      do seconds.push(await pass(sequences(manifest, tokens)));
      while (seconds.at(-1)! < BRIEF_SECONDS && seconds.length < REPEATS);
    } catch {
      break;
    }
    spent += seconds.reduce((sum, value) => sum + value, 0);
    last = Math.min(...seconds);
    throughput.set(tokens, tokens / last);
  }
  const best = Math.max(...throughput.values());
  return SIZES.find(tokens => throughput.get(tokens)! >= NEAR * best);
}

function sequences(
  { task, pooling, maxLength, vocabSize }: Parameters<typeof findBudget>[0],
  tokens: number,
): Sequence[] {
  const length = Math.min(LENGTH, maxLength);
  const ids = Int32Array.from({ length }, (_, i) => i % vocabSize);
  const positions = task === 'token' ? ids.map((_, i) => i) : Int32Array.of(length - 1);
  const headPositions = task === 'token' || pooling === 'last' ? positions : new Int32Array(0);
  return Array.from({ length: Math.ceil(tokens / length) }, () => ({ ids, headPositions }));
}
