// The thread that reads long texts.

import { parentPort } from 'node:worker_threads';
import { readManifest } from '../model/manifest.js';
import { Tokenizer } from '../text/tokenizer.js';
import type { TextModel } from './predictor.js';
import { readInline, type ToRead } from './read.js';

/** What the thread is asked; it answers with what readInline gives. */
export interface ReadTask {
  readonly folder: string;
  readonly toRead: ToRead;
}

const models = new Map<string, TextModel>();

parentPort!.on('message', ({ folder, toRead }: ReadTask) => {
  const model = models.get(folder) ?? { manifest: readManifest(folder), tokenizer: Tokenizer.load(folder) };
  models.set(folder, model);
  parentPort!.postMessage(readInline(model, toRead));
});
