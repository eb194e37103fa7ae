// A model folder into the engine.

import type { Engine } from '../engine/engine.js';
import { readManifest } from '../model/manifest.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import { Tokenizer } from '../text/tokenizer.js';
import { encodeText } from './classifier.js';
import { forward, type LoadedModel } from './predictor.js';
import type { ResultCache } from './resultCache.js';
import { encodeWords } from './tagger.js';

/**
 * Loads a model folder under `name`, and warms it with one forward pass.
 * Throws UserError for a broken folder, EngineError where ONNX Runtime refuses it.
 */
export async function loadModel(
  name: string,
  folder: string,
  engine: Engine,
  scheduler: Scheduler,
  results?: ResultCache,
): Promise<LoadedModel> {
  const manifest = readManifest(folder);
  // The engine process loads while this one reads the tokenizer.
  const loading = engine.load(name, folder);
  loading.catch(() => {});
  const tokenizer = Tokenizer.load(folder);
  await loading;
  const model = { name, manifest, tokenizer, scheduler };
  const sequences =
    manifest.task === 'token' ? encodeWords(model, ['warm']).sequences : [encodeText(model, 'warm').sequence];
  await forward(model, sequences, { deadline: Number.POSITIVE_INFINITY });
  return { ...model, results };
}
