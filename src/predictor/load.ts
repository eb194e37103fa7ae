// A model folder into the engine.

import type { Engine } from '../engine/engine.js';
import { readManifest } from '../model/manifest.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import { Tokenizer } from '../text/tokenizer.js';
import { findBudget, type Pass } from './budget.js';
import { encodeText } from './classifier.js';
import { forward, type LoadedModel } from './predictor.js';
import type { ResultCache } from './resultCache.js';
import { encodeWords } from './tagger.js';

export interface LoadOptions {
  /** Where results of its sequences are kept. */
  readonly results?: ResultCache | undefined;
  /** Whether its batches are as large as measuring finds best here. Else they are the scheduler's. */
  readonly measured?: boolean;
}

/**
 * Loads a model folder under `name`, and warms it with one forward pass.
 * Throws UserError for a broken folder, EngineError where ONNX Runtime refuses it.
 */
export async function loadModel(
  name: string,
  folder: string,
  engine: Engine,
  scheduler: Scheduler,
  { results, measured = false }: LoadOptions = {},
): Promise<LoadedModel> {
  const manifest = readManifest(folder);
  // The engine process loads while this one reads the tokenizer.
  const loading = engine.load(name, folder);
  loading.catch(() => {});
  const tokenizer = Tokenizer.load(folder);
  await loading;
  const model = { name, folder, manifest, tokenizer, scheduler };
  const sequences =
    manifest.task === 'token' ? encodeWords(model, ['warm']).sequences : [encodeText(model, 'warm').sequence];
  await forward(model, sequences, { deadline: Number.POSITIVE_INFINITY });
  if (measured) {
    const pass: Pass = async batch => (await engine.run(name, batch)).seconds;
    const budget = await findBudget(manifest, sequences, pass);
    if (budget !== undefined) scheduler.setBatchTokens(name, budget);
  }
  return { ...model, results };
}
