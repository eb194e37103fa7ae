// The worker thread that encodes long texts. It loads the tokenizers that it needs for itself.

import { parentPort } from 'node:worker_threads';
import { readManifest } from '../model/manifest.js';
import { Tokenizer } from '../text/tokenizer.js';
import { type EncodeTask, encodeAll } from './encodeTask.js';
import type { TextModel } from './model.js';

/** A message to the thread. It answers each with one message, the result of encodeAll. */
export interface EncoderMessage {
  /** The model's folder. */
  readonly folder: string;
  readonly task: EncodeTask;
}

const models = new Map<string, TextModel>();

parentPort!.on('message', ({ folder, task }: EncoderMessage) => {
  const model = models.get(folder) ?? { manifest: readManifest(folder), tokenizer: Tokenizer.load(folder) };
  models.set(folder, model);
  parentPort!.postMessage(encodeAll(model, task));
});
