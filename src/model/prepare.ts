// Resolving a model in a thread of its own: hashing and exporting keep a core busy for seconds.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { resolveModel } from './cache.js';

interface Work {
  readonly path: string;
  readonly cache: string;
}

type Message =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly folder: string }
  | { readonly kind: 'refused'; readonly message: string };

/** The model folder of a model or recipe folder, exported into `cache` if need be. Throws as resolveModel does. */
export function prepareModel(
  path: string,
  cache: string,
  onProgress?: (done: number, total: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { path, cache } satisfies Work });
    worker.on('message', (message: Message) => {
      if (message.kind === 'progress') onProgress?.(message.done, message.total);
      else if (message.kind === 'done') resolve(message.folder);
      else reject(new UserError(message.message));
    });
    worker.on('error', reject);
    worker.on('exit', code => reject(new Error(`the export thread ended with ${code}`)));
  });
}

/** The thread itself. */
function work({ path, cache }: Work): Message {
  const send = (message: Message) => parentPort!.postMessage(message);
  try {
    return {
      kind: 'done',
      folder: resolveModel(path, cache, (done, total) => send({ kind: 'progress', done, total })),
    };
  } catch (error) {
    if (error instanceof UserError) return { kind: 'refused', message: error.message };
    throw error;
  }
}

if (!isMainThread && parentPort) parentPort.postMessage(work(workerData as Work));
