// Loads a single model for the commands that read files.

import { basename, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { notesOf } from '../model/notes.js';
import type { LoadedModel } from '../predictor/model.js';
import { Runtime } from '../predictor/runtime.js';
import type { Decoding } from '../text/tags.js';
import { startProgress } from './progress.js';

export interface OfflineOptions {
  readonly cache: string;
  readonly device: string;
}

/**
 * Loads the model or recipe folder at `path` and runs `work` with it. The notes of a recipe's export are printed when it
 * is exported. The engine processes end with the work.
 */
export async function withModel<T>(
  path: string,
  options: OfflineOptions,
  work: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const name = basename(resolve(path));
  const runtime = new Runtime({ device: options.device, cache: options.cache });
  try {
    const progress = startProgress();
    const loading = runtime.load(name, path, {
      onProgress: stage => progress.update(name, stage),
      onDamaged: reason =>
        process.stderr.write(`the export in the cache cannot be used and is made again: ${reason}\n`),
    });
    const model = await loading.finally(() => progress.end(name));
    if (model.isNew) for (const note of notesOf(model.manifest)) process.stderr.write(`${note}\n`);
    return await work(model);
  } finally {
    await runtime.close();
  }
}

/** Throws UserError where a decoding is given for a model that is no tagger. */
export function checkDecoding({ name, manifest }: LoadedModel, decoding: Decoding | undefined): void {
  if (decoding === undefined || manifest.task === 'token') return;
  throw new UserError(`--decoding ${decoding}: expected an entity tagger, found the classifier ${name}`);
}
