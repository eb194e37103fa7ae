// The worker thread that encodes long texts. It loads the tokenizers that it needs for itself.

import { parentPort } from 'node:worker_threads';
import { readManifest } from '../model/manifest.js';
import { stampOf } from '../model/stamp.js';
import { Tokenizer } from '../text/tokenizer.js';
import { type EncodeTask, encodeAll } from './encodeTask.js';
import type { TextModel } from './model.js';

/** A message to the thread. It answers each with one message: the result of encodeAll, or `changed` if the files have changed. */
export interface EncoderMessage {
  /** The model's name and folder. */
  readonly name: string;
  readonly folder: string;
  /** The stamp of the folder when the model was loaded. */
  readonly stamp: string;
  readonly task: EncodeTask;
}

/** One version of each model, by name. */
const models = new Map<string, { readonly stamp: string; readonly model: TextModel }>();

parentPort!.on('message', ({ name, folder, stamp, task }: EncoderMessage) => {
  const known = models.get(name);
  const model = known?.stamp === stamp ? known.model : load(folder, stamp);
  if (!model) return parentPort!.postMessage('changed');
  models.set(name, { stamp, model });
  parentPort!.postMessage(encodeAll(model, task));
});

/** Undefined where the folder's files are no longer those that the model was loaded from. */
function load(folder: string, stamp: string): TextModel | undefined {
  if (stampOf(folder) !== stamp) return undefined;
  const model = { manifest: readManifest(folder), tokenizer: Tokenizer.load(folder) };
  return stampOf(folder) === stamp ? model : undefined;
}
