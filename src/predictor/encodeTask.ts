// A request's texts as one task for the encoder. Tasks and results are plain values, so they can cross to a thread.

import { UserError } from '../errors.js';
import {
  type EncodedText,
  type EncodedWords,
  encodeText,
  encodeWords,
  type TextOptions,
  UnusableText,
} from './encode.js';
import type { TextModel } from './model.js';

/** Texts for a sequence classifier. */
export interface TextsTask extends TextOptions {
  readonly kind: 'texts';
  readonly texts: readonly string[];
}

/** Texts for a token classifier, each a string or a list of words. */
export interface WordsTask {
  readonly kind: 'words';
  readonly texts: readonly (string | readonly string[])[];
}

export type EncodeTask = TextsTask | WordsTask;
export type Encoded<T extends EncodeTask> = T extends TextsTask ? EncodedText[] : EncodedWords[];

/** The first text that the model cannot use. */
export interface Unusable {
  /** The reason, for the caller. */
  readonly unusable: string;
  readonly index: number;
}

/** Encodes every text of a task, in order, up to the first that the model cannot use. */
export function encodeAll<T extends EncodeTask>(model: TextModel, task: T): Encoded<T> | Unusable {
  const encoded: (EncodedText | EncodedWords)[] = [];
  try {
    if (task.kind === 'texts') {
      for (const text of task.texts) encoded.push(encodeText(model, text, task));
    } else {
      for (const text of task.texts) encoded.push(encodeWords(model, text));
    }
    return encoded as Encoded<T>;
  } catch (error) {
    // A tokenizer throws UserError for a text on which its pattern takes too long, or which its normalizer makes too long.
    if (error instanceof UnusableText || error instanceof UserError)
      return { unusable: error.message, index: encoded.length };
    throw error;
  }
}

/** The size of a task's texts in all, in UTF-16 units. */
export function sizeOf({ texts }: EncodeTask): number {
  let size = 0;
  for (const text of texts) {
    if (typeof text === 'string') size += text.length;
    else for (const word of text) size += word.length;
  }
  return size;
}
