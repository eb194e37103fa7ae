// A single model for commands that read files: loaded, with a queue that never refuses.

import { basename, resolve } from 'node:path';
import { Engines } from '../engine/engines.js';
import { usableCores } from '../machine/cores.js';
import { prepareModel } from '../model/prepare.js';
import { loadModel } from '../predictor/load.js';
import type { LoadedModel } from '../predictor/predictor.js';
import { Scheduler } from '../scheduler/scheduler.js';
import { startProgress } from './progress.js';

/** Tokens in one forward pass. */
export const BATCH_TOKENS = 1024;

export interface OfflineOptions {
  readonly cache: string;
  readonly device: string;
}

/** Runs `work` with the model loaded; its engine process ends with it. */
export async function withModel<T>(
  path: string,
  { cache, device }: OfflineOptions,
  work: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const name = basename(resolve(path));
  const engines = new Engines({ device, cores: usableCores(), scratch: cache });
  try {
    const progress = startProgress(`exporting ${name}`);
    const place = { cache, device: await engines.device() };
    const folder = await prepareModel(path, place, progress.update).finally(progress.end);
    const scheduler = new Scheduler(engines, {
      batchTokens: BATCH_TOKENS,
      queueTokens: Number.POSITIVE_INFINITY,
    });
    return await work(await loadModel(name, folder, engines, scheduler));
  } finally {
    engines.close();
  }
}
