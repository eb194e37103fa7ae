// The times of forward passes of a model on this machine, by their tokens.

import { countTokens, type Sequence } from '../dist/engine/sequence.js';
import { UserError } from '../dist/errors.js';
import { defaultCache } from '../dist/model/cache.js';
import { sequencesOf } from '../dist/predictor/encode.js';
import { Runtime } from '../dist/predictor/runtime.js';
import { exportedModel } from './models.ts';

/** `apart`: on one engine while the others work as well. `together`: on all cores. */
type Mode = 'together' | 'apart';

export interface PassTimes {
  /** The texts as sequences. */
  readonly sequences: readonly Sequence[];
  readonly engines: number;
  /** The budget of a batch that the service measures at its start. */
  readonly batchTokens: number;
  /** Milliseconds of a pass like one of those that were measured. */
  draw(mode: Mode, batch: readonly Sequence[]): number;
}

/** Tokens of the passes that are timed, up to the budget. */
const SIZES = [16, 32, 64, 128, 256, 512, 1024];
/** Passes of each size. */
const PASSES = 40;
/** A size has at least so many times the tokens of the one before. */
const MIN_RATIO = 1.3;

/** Times passes of real texts. The times of a size are sorted, and those between two sizes are interpolated. */
export async function measurePasses(
  recipe: string,
  texts: readonly string[],
  precision: string | undefined,
): Promise<PassTimes> {
  const runtime = new Runtime({ device: 'cpu', cache: defaultCache(), batchTokens: 'measured' });
  try {
    const model = await runtime.load('model', await exportedModel(recipe, { precision }));
    const sequences = texts.flatMap(text => sequencesOf(model, text));
    const batchTokens = runtime.scheduler.batchTokens(model.id);
    const engines = runtime.engines.slots(model.id).filter(slot => slot !== 'all') as number[];
    const sizes = SIZES.filter(size => size <= 2 * batchTokens);
    const timesOf = async (batches: readonly (readonly Sequence[])[], slot: 'all' | number) => {
      const times: number[] = [];
      for (const batch of batches)
        times.push((await runtime.engines.run(model.id, batch, slot)).seconds * 1000);
      return times;
    };
    const apart: Timed[] = [];
    const together: Timed[] = [];
    for (const size of sizes) {
      const batches = batchesOf(sequences, size);
      const tokens = countTokens(batches.flat()) / batches.length;
      // One text alone may have the tokens of the next size.
      if (batches.length < PASSES || tokens < MIN_RATIO * (apart.at(-1)?.tokens ?? 0)) continue;
      const perEngine = await Promise.all(engines.map(engine => timesOf(batches, engine)));
      apart.push({ tokens, times: perEngine.flat().sort((a, b) => a - b) });
      together.push({ tokens, times: (await timesOf(batches, 'all')).sort((a, b) => a - b) });
    }
    if (apart.length < 2) throw new UserError('expected texts for passes of two sizes, found fewer');
    const timed = { apart, together };
    return {
      sequences,
      engines: engines.length,
      batchTokens,
      draw: (mode, batch) => drawn(timed[mode], countTokens(batch)),
    };
  } finally {
    await runtime.close();
  }
}

interface Timed {
  /** The mean number of tokens of the passes. */
  readonly tokens: number;
  /** Milliseconds, sorted. */
  readonly times: readonly number[];
}

/** Batches of about so many tokens, each of at least one text. */
function batchesOf(sequences: readonly Sequence[], size: number): Sequence[][] {
  const batches: Sequence[][] = [];
  let batch: Sequence[] = [];
  for (const sequence of sequences) {
    batch.push(sequence);
    if (countTokens(batch) < size) continue;
    batches.push(batch);
    batch = [];
    if (batches.length === PASSES) break;
  }
  return batches;
}

/**
 * A time at a random rank, on the line between the two sizes around `tokens`. Less than the least size takes its time for
 * the tokens that it has, and half of it at the least, in which the weights are read.
 */
function drawn(timed: readonly Timed[], tokens: number): number {
  const rank = Math.random();
  const at = ({ times }: Timed) => times[Math.floor(rank * times.length)]!;
  const [least] = timed as [Timed];
  if (tokens < least.tokens) return at(least) * Math.max(0.5, tokens / least.tokens);
  const above = timed.findIndex(size => size.tokens >= tokens);
  const upper = above < 0 ? timed.length - 1 : Math.max(1, above);
  const [a, b] = [timed[upper - 1]!, timed[upper]!];
  return at(a) + ((tokens - a.tokens) / (b.tokens - a.tokens)) * (at(b) - at(a));
}
