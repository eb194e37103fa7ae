// What a loaded model is, and what every prediction needs of it.

import type { Sequence } from '../engine/batch.js';
import type { Manifest } from '../model/manifest.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import type { Tokenizer } from '../text/tokenizer.js';
import type { ResultCache } from './resultCache.js';

/** What reading a text takes of a model. */
export interface TextModel {
  readonly manifest: Manifest;
  readonly tokenizer: Tokenizer;
}

export interface LoadedModel extends TextModel {
  /** Its name in the engine. */
  readonly name: string;
  readonly folder: string;
  readonly scheduler: Scheduler;
  /** None where every sequence is computed. */
  readonly results?: ResultCache | undefined;
}

/** When a prediction is of use. */
export interface Urgency {
  /** On the clock of performance.now(). */
  readonly deadline: number;
  /** Aborted where nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** The text cannot be read: it is empty, too long where it may not be cut, or has a token the model does not know. */
export class UnusableText extends Error {
  override readonly name = 'UnusableText';
}

/** Throws UnusableText where a token has no embedding: a tokenizer may have had tokens added that the base has not. */
export function checkTokens({ manifest }: TextModel, ids: Int32Array): void {
  const unknown = ids.find(id => id >= manifest.vocabSize);
  if (unknown === undefined) return;
  throw new UnusableText(
    `the text has the token ${unknown}, the model has embeddings of ${manifest.vocabSize} tokens`,
  );
}

/** Logits of each sequence, row after row. Throws what Scheduler.submit throws. */
export function forward(
  model: LoadedModel,
  sequences: readonly Sequence[],
  urgency: Urgency,
): Promise<Float32Array[]> {
  const { name, manifest, scheduler, results } = model;
  const compute = (sequences: readonly Sequence[]) =>
    scheduler.submit({ model: name, sequences, ...urgency });
  return results ? results.through(`${name}\0${manifest.version}`, sequences, compute) : compute(sequences);
}
