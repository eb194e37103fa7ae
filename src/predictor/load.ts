// A model folder into the engine.

import type { Engines } from '../engine/engines.js';
import { readManifest } from '../model/manifest.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import { Tokenizer } from '../text/tokenizer.js';
import { findBudget, type Pass } from './budget.js';
import { encodeText } from './classifier.js';
import type { LoadedModel } from './predictor.js';
import type { ResultCache } from './resultCache.js';
import { encodeWords } from './tagger.js';

export interface LoadOptions {
  /** Where results of its sequences are kept. */
  readonly results?: ResultCache | undefined;
  /** Whether its batches are as large as measuring finds best here. Else they are the scheduler's. */
  readonly measured?: boolean;
}

/** Tokens of a batch that is one of several at a time: more of them take memory in every engine, and are no faster. */
const MOST_EACH = 256;

/**
 * Loads a model folder under `name`, and warms it with one forward pass in each slot.
 * Throws UserError for a broken folder, EngineError where ONNX Runtime refuses it.
 */
export async function loadModel(
  name: string,
  folder: string,
  engines: Engines,
  scheduler: Scheduler,
  { results, measured = false }: LoadOptions = {},
): Promise<LoadedModel> {
  const manifest = readManifest(folder);
  // The engine processes load while this one reads the tokenizer.
  const loading = engines.load(name, folder);
  loading.catch(() => {});
  const tokenizer = Tokenizer.load(folder);
  await loading;
  const model = { name, folder, manifest, tokenizer, scheduler };
  const sequences =
    manifest.task === 'token' ? encodeWords(model, ['warm']).sequences : [encodeText(model, 'warm').sequence];
  const slots = engines.slots(name);
  await Promise.all(slots.map(slot => engines.run(name, sequences, slot)));
  if (measured) {
    const pass: Pass = async batch => (await engines.run(name, batch, slots.at(-1)!)).seconds;
    const budget = await findBudget(manifest, sequences, pass, slots.length > 1 ? MOST_EACH : undefined);
    if (budget !== undefined) scheduler.setBatchTokens(name, budget);
  }
  return { ...model, results };
}
