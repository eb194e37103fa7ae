// The engine alone: batches as the service makes them, without text and HTTP.

import { availableParallelism } from 'node:os';
import { BATCH_TOKENS } from '../dist/commands/offline.js';
import type { Sequence } from '../dist/engine/batch.js';
import { Engines } from '../dist/engine/engines.js';
import type { Send } from '../dist/loadtest/loadTest.js';
import { defaultCache } from '../dist/model/cache.js';
import { encodeText } from '../dist/predictor/classifier.js';
import { loadModel } from '../dist/predictor/load.js';
import type { LoadedModel } from '../dist/predictor/predictor.js';
import { encodeWords } from '../dist/predictor/tagger.js';
import { Scheduler } from '../dist/scheduler/scheduler.js';
import { splitWords } from '../dist/text/words.js';
import { cycle } from './texts.ts';

/** Model folders loaded as `serve` loads them, with a queue that never refuses. */
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
    models.push(await loadModel(`model ${i}`, folder, engines, scheduler, { measured: true }));
  }
  return { models, close: () => engines.close() };
}

export function sequencesOf(model: LoadedModel, text: string): readonly Sequence[] {
  if (model.manifest.task === 'sequence') return [encodeText(model, text).sequence];
  const words = splitWords(text).map(({ start, end }) => text.slice(start, end));
  return encodeWords(model, words).sequences;
}

export function encodedTokens(model: LoadedModel, text: string): number {
  return tokensOf(sequencesOf(model, text));
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

/** Of sequences that are handed over at once: the scheduler makes batches of like lengths out of them, as in the service. */
const GROUP = 256;

/** Group after group, in the order of `sequences`. Returns a group's tokens. */
export function groupRunner(model: LoadedModel, sequences: readonly Sequence[]): () => Promise<number> {
  const count = Math.ceil(sequences.length / GROUP);
  const groups = Array.from({ length: count }, (_, i) => sequences.slice(i * GROUP, (i + 1) * GROUP));
  const next = cycle(groups);
  return async () => {
    const group = next();
    await submit(model, group);
    return tokensOf(group);
  };
}

function tokensOf(sequences: readonly Sequence[]): number {
  return sequences.reduce((sum, { ids }) => sum + ids.length, 0);
}

export interface TokenRate {
  readonly tokens_per_second: number;
}

/** Groups that wait at a time, so that no engine is idle while one ends. */
const GROUPS_IN_FLIGHT = 2;

/** Counts until the last pass that began in time has ended. @param run one pass; its tokens */
export async function tokenRate(run: () => Promise<number>, seconds: number): Promise<TokenRate> {
  await run();
  const started = performance.now();
  let tokens = 0;
  const worker = async () => {
    while (performance.now() - started < seconds * 1000) {
      const passed = await run();
      tokens += passed;
    }
  };
  await Promise.all(Array.from({ length: GROUPS_IN_FLIGHT }, worker));
  return { tokens_per_second: (tokens / (performance.now() - started)) * 1000 };
}
