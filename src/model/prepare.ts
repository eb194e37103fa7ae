// A model folder ready to load: a recipe that is not in the cache yet is exported, in a thread of its own,
// because merging keeps a core busy for seconds.

import { basename, join, resolve } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { modelFolderOf } from './cache.js';
import { exportModel } from './export.js';
import { isModelFolder } from './manifest.js';
import { RECIPE, readRecipe } from './recipe.js';

interface Work {
  readonly recipe: string;
  readonly name: string;
  readonly out: string;
}

type Message =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly message: string };

/** The model folder of a model or recipe folder. Throws UserError for what is wrong with either. */
export async function prepareModel(
  path: string,
  cache: string,
  onProgress?: (done: number, total: number) => void,
): Promise<string> {
  const folder = await modelFolderOf(path, cache);
  if (isModelFolder(folder)) return folder;
  try {
    await exportInThread(
      { recipe: join(path, RECIPE), name: basename(resolve(path)), out: folder },
      onProgress,
    );
  } catch (error) {
    // Another process may have exported the same recipe meanwhile: its folder is the same.
    if (!isModelFolder(folder)) throw error;
  }
  return folder;
}

function exportInThread(
  work: Work,
  onProgress: ((done: number, total: number) => void) | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: work });
    worker.on('message', (message: Message) => {
      if (message.kind === 'progress') onProgress?.(message.done, message.total);
      else if (message.kind === 'done') resolve();
      else reject(new UserError(message.message));
    });
    worker.on('error', reject);
    worker.on('exit', code => reject(new Error(`the export thread ended with ${code}`)));
  });
}

/** The thread itself. */
async function work({ recipe, name, out }: Work): Promise<void> {
  const send = (message: Message) => parentPort?.postMessage(message);
  try {
    await exportModel(readRecipe(recipe), out, {
      name,
      onProgress: (done, total) => send({ kind: 'progress', done, total }),
    });
    send({ kind: 'done' });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    send({ kind: 'refused', message: error.message });
  }
}

if (!isMainThread) await work(workerData as Work);
