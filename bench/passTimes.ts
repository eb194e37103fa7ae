// The times of forward passes of a model on this machine, by their tokens.

import { countTokens, type Sequence } from '../dist/engine/sequence.js';
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
    const time = async (batch: readonly Sequence[], slot: 'all' | number) =>
      (await runtime.engines.run(model.id, batch, slot)).seconds * 1000;
    const apart: Timed[] = [];
    const together: Timed[] = [];
    for (const size of sizes) {
      const batches = batchesOf(sequences, size);
      const perEngine = await Promise.all(
        engines.map(async engine => {
          const times: number[] = [];
          for (let i = 0; i < PASSES; i++) times.push(await time(batches[i % batches.length]!, engine));
          return times;
        }),
      );
      const onAll: number[] = [];
      for (let i = 0; i < PASSES; i++) onAll.push(await time(batches[i % batches.length]!, 'all'));
      const tokens = countTokens(batches.flat()) / batches.length;
      apart.push({ tokens, times: perEngine.flat().sort((a, b) => a - b) });
      together.push({ tokens, times: onAll.sort((a, b) => a - b) });
    }
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

/** A time at a random rank, on the line between the two sizes around `tokens`. */
function drawn(timed: readonly Timed[], tokens: number): number {
  const rank = Math.random();
  const at = ({ times }: Timed) => times[Math.floor(rank * times.length)]!;
  const upper = Math.max(
    1,
    timed.findIndex(size => size.tokens >= tokens),
  );
  const [a, b] = tokens > timed.at(-1)!.tokens ? timed.slice(-2) : timed.slice(upper - 1, upper + 1);
  const share = (tokens - a!.tokens) / (b!.tokens - a!.tokens);
  return Math.max(0.5 * at(timed[0]!), at(a!) + share * (at(b!) - at(a!)));
}
