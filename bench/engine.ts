// The engine alone: batches as the service makes them, without text and HTTP.

import { availableParallelism } from 'node:os';
import { BATCH_TOKENS } from '../dist/commands/offline.js';
import type { Sequence } from '../dist/engine/batch.js';
import { Engine } from '../dist/engine/engine.js';
import type { Send } from '../dist/load/load.js';
import { encodeText } from '../dist/predictor/classifier.js';
import { loadModel } from '../dist/predictor/load.js';
import type { LoadedModel } from '../dist/predictor/predictor.js';
import { encodeWords } from '../dist/predictor/tagger.js';
import { Scheduler } from '../dist/scheduler/scheduler.js';
import { splitWords } from '../dist/text/words.js';
import { cycle } from './texts.ts';

/** Model folders in one engine process, as `serve` has them, with a queue that never refuses. */
export async function openEngine(
  folders: readonly string[],
  threads = availableParallelism(),
): Promise<{ models: LoadedModel[]; close: () => void }> {
  const engine = new Engine({ device: 'cpu', threads });
  const scheduler = new Scheduler(engine, {
    batchTokens: BATCH_TOKENS,
    queueTokens: Number.POSITIVE_INFINITY,
  });
  const models: LoadedModel[] = [];
  for (const [i, folder] of folders.entries()) {
    models.push(await loadModel(`model ${i}`, folder, engine, scheduler));
  }
  return { models, close: () => engine.close() };
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
