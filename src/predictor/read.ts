// What callers send, split and tokenised: everything that is done before a forward pass.

import { type Span, splitWords } from '../text/words.js';
import { type EncodedText, encodeText } from './classifier.js';
import { type TextModel, UnusableText } from './predictor.js';
import { type EncodedWords, encodeWords } from './tagger.js';

/** Texts for a classifier. */
export interface TextsToRead {
  readonly kind: 'texts';
  readonly texts: readonly string[];
  readonly truncate: boolean | undefined;
}

/** Texts for a tagger: whole, or split into words already. */
export interface WordsToRead {
  readonly kind: 'words';
  readonly texts: readonly (string | readonly string[])[];
}

export interface ReadWords {
  readonly encoded: EncodedWords;
  /** Where the words of a whole text stand in it. */
  readonly spans: readonly Span[] | undefined;
}

/** Why the text at `index` cannot be read. As a value, so that it can come from another thread. */
export interface Unusable {
  readonly unusable: string;
  readonly index: number;
}

export type ToRead = TextsToRead | WordsToRead;
export type Read<T extends ToRead> = T extends TextsToRead ? EncodedText[] : ReadWords[];

export function readInline<T extends ToRead>(model: TextModel, toRead: T): Read<T> | Unusable {
  let index = 0;
  try {
    const read: (EncodedText | ReadWords)[] = [];
    for (const text of toRead.texts) {
      read.push(
        toRead.kind === 'texts' ? encodeText(model, text as string, toRead.truncate) : words(model, text),
      );
      index++;
    }
    return read as Read<T>;
  } catch (error) {
    if (error instanceof UnusableText) return { unusable: error.message, index };
    throw error;
  }
}

function words(model: TextModel, text: string | readonly string[]): ReadWords {
  if (typeof text !== 'string') return { encoded: encodeWords(model, text), spans: undefined };
  const spans = splitWords(text);
  const found = spans.map(({ start, end }) => text.slice(start, end));
  return { encoded: encodeWords(model, found), spans };
}

/** UTF-16 units in all. */
export function sizeOf({ texts }: ToRead): number {
  let size = 0;
  for (const text of texts) {
    if (typeof text === 'string') size += text.length;
    else for (const word of text) size += word.length;
  }
  return size;
}
