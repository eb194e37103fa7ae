// What a loaded model is, and what every prediction needs of it.

import type { Sequence } from '../engine/batch.js';
import type { Manifest } from '../model/manifest.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import type { Tokenizer } from '../text/tokenizer.js';

export interface LoadedModel {
  /** Its name in the engine. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly tokenizer: Tokenizer;
  readonly scheduler: Scheduler;
}

/** When a prediction is of use. */
export interface Urgency {
  /** On the clock of performance.now(). */
  readonly deadline: number;
  /** Aborted where nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** The text holds nothing to classify. */
export class EmptyText extends Error {
  override readonly name = 'EmptyText';
}

/** The text has more tokens than the model reads, and the caller does not want it cut. */
export class TextTooLong extends Error {
  override readonly name = 'TextTooLong';
}

/** Logits of each sequence, row after row. Throws what Scheduler.submit throws. */
export function forward(
  model: LoadedModel,
  sequences: readonly Sequence[],
  urgency: Urgency,
): Promise<Float32Array[]> {
  return model.scheduler.submit({ model: model.name, sequences, ...urgency });
}
