// The engine and the scheduler alone: batches as the service makes them, without tokenising and HTTP.

import { countTokens, type Sequence } from '../dist/engine/sequence.js';
import type { Send } from '../dist/loadtest/answer.js';
import { defaultCache } from '../dist/model/cache.js';
import { sequencesOf } from '../dist/predictor/encode.js';
import { type LoadedModel, UNHURRIED } from '../dist/predictor/model.js';
import { Runtime } from '../dist/predictor/runtime.js';
import type { Scheduler } from '../dist/scheduler/scheduler.js';
import { cycle } from './texts.ts';

export interface OpenEngine {
  readonly models: readonly LoadedModel[];
  readonly scheduler: Scheduler;
  close(): void;
}

/** Loads model folders as `serve` does, with a queue that never refuses. */
export async function openEngine(folders: readonly string[], device = 'cpu'): Promise<OpenEngine> {
  const runtime = new Runtime({ device, cache: defaultCache(), batchTokens: 'measured' });
  const models: LoadedModel[] = [];
  for (const [i, folder] of folders.entries()) models.push(await runtime.load(`model ${i}`, folder));
  return { models, scheduler: runtime.scheduler, close: () => runtime.close() };
}

/** The mean number of tokens that a text has for the model. */
export function meanTokens(model: LoadedModel, texts: readonly string[]): number {
  return countTokens(texts.flatMap(text => sequencesOf(model, text))) / texts.length;
}

/** A load generator's sender: one text per call, in turn. The texts are encoded beforehand. */
export function engineSender(model: LoadedModel, texts: readonly string[]): Send {
  const next = cycle(texts.map(text => sequencesOf(model, text)));
  return async () => {
    await model.run(next(), UNHURRIED);
    return { outcome: 'ok' };
  };
}

/** Sequences that are submitted at once. The scheduler makes batches of similar lengths of them, as in the service. */
const GROUP = 256;

/** Returns a function that runs one group after another, in the order of `sequences`, and resolves to its tokens. */
export function groupRunner(
  model: LoadedModel,
  sequences: readonly Sequence[],
  size = GROUP,
): () => Promise<number> {
  const count = Math.ceil(sequences.length / size);
  const groups = Array.from({ length: count }, (_, i) => sequences.slice(i * size, (i + 1) * size));
  const next = cycle(groups);
  return async () => {
    const group = next();
    await model.run(group, UNHURRIED);
    return countTokens(group);
  };
}

export interface TokenRate {
  readonly tokens_per_second: number;
}

/** Groups that are submitted at a time, so that no engine is idle while a group ends. */
const GROUPS_IN_FLIGHT = 2;

/** Calls `run`, which resolves to the tokens that it computed, for `seconds`, and awaits the calls that began in time. */
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
