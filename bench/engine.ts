// The engine alone: batches as the service makes them, without text and HTTP.

import { availableParallelism } from 'node:os';
import { BATCH_TOKENS } from '../dist/commands/offline.js';
import type { Sequence } from '../dist/engine/batch.js';
import { Engines } from '../dist/engine/engines.js';
import type { Send } from '../dist/load/load.js';
import { defaultCache } from '../dist/model/cache.js';
import { encodeText } from '../dist/predictor/classifier.js';
import { loadModel } from '../dist/predictor/load.js';
import type { LoadedModel } from '../dist/predictor/predictor.js';
import { encodeWords } from '../dist/predictor/tagger.js';
import { Scheduler } from '../dist/scheduler/scheduler.js';
import { splitWords } from '../dist/text/words.js';
import { cycle } from './texts.ts';

/** As the service has them. */
const BATCHES_IN_FLIGHT = 2;

/** Model folders in one engine process, as `serve` has them, with a queue that never refuses. */
export async function openEngine(
  folders: readonly string[],
  cores = availableParallelism(),
): Promise<{ models: LoadedModel[]; close: () => void }> {
  const engines = new Engines({ device: 'cpu', cores, scratch: defaultCache() });
  const scheduler = new Scheduler(engines, {
    batchTokens: BATCH_TOKENS,
    queueTokens: Number.POSITIVE_INFINITY,
  });
  const models: LoadedModel[] = [];
  for (const [i, folder] of folders.entries()) {
    models.push(await loadModel(`model ${i}`, folder, engines, scheduler));
  }
  return { models, close: () => engines.close() };
}

export function sequencesOf(model: LoadedModel, text: string): readonly Sequence[] {
  if (model.manifest.task === 'sequence') return [encodeText(model, text).sequence];
  const words = splitWords(text).map(({ start, end }) => text.slice(start, end));
  return encodeWords(model, words).sequences;
}

export function encodedTokens(model: LoadedModel, text: string): number {
  return sequencesOf(model, text).reduce((sum, { ids }) => sum + ids.length, 0);
}

export function meanTokens(model: LoadedModel, texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + encodedTokens(model, text), 0) / texts.length;
}

export function submit(model: LoadedModel, sequences: readonly Sequence[]): Promise<Float32Array[]> {
  return model.scheduler.submit({ model: model.name, sequences, deadline: Number.POSITIVE_INFINITY });
}

/** The encodings are made beforehand. */
export function engineSender(model: LoadedModel, texts: readonly string[]): Send {
  const next = cycle(texts.map(text => sequencesOf(model, text)));
  return async () => {
    await submit(model, next());
    return 'ok';
  };
}

/** Sequences in order, in batches as full as the service's. */
export function fullBatches(sequences: readonly Sequence[]): Sequence[][] {
  const batches: Sequence[][] = [[]];
  let tokens = 0;
  for (const sequence of sequences) {
    tokens += sequence.ids.length;
    if (tokens <= BATCH_TOKENS) batches.at(-1)!.push(sequence);
    else {
      batches.push([sequence]);
      tokens = sequence.ids.length;
    }
  }
  return batches;
}

export function tokensOf(batch: readonly Sequence[]): number {
  return batch.reduce((sum, { ids }) => sum + ids.length, 0);
}

/** Batches one after the other, the next one waiting as in the service. Returns their tokens. */
export function batchRunner(model: LoadedModel, batches: readonly Sequence[][]): () => Promise<number> {
  const next = cycle(batches);
  return async () => {
    const batch = next();
    await submit(model, batch);
    return tokensOf(batch);
  };
}

export interface TokenRate {
  readonly tokens_per_second: number;
}

/** Counts until the last pass that began in time has ended. @param run one pass; its tokens */
export async function tokenRate(
  run: () => Promise<number>,
  seconds: number,
  inFlight = BATCHES_IN_FLIGHT,
): Promise<TokenRate> {
  await run();
  const started = performance.now();
  let tokens = 0;
  const worker = async () => {
    while (performance.now() - started < seconds * 1000) tokens += await run();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { tokens_per_second: (tokens / (performance.now() - started)) * 1000 };
}
