// A loaded model as the steps of a prediction see it.

import type { Sequence } from '../engine/sequence.js';
import type { Manifest } from '../model/manifest.js';
import type { Priority, Timing } from '../scheduler/job.js';
import type { Tokenizer } from '../text/tokenizer.js';
import type { TokenRatio } from './tokenRatio.js';

/** What encoding a text needs to know of a model. */
export interface Encoder {
  readonly manifest: Pick<Manifest, 'task' | 'pooling' | 'maxLength' | 'padTokenId' | 'vocabSize'>;
  readonly tokenizer: Tokenizer;
}

/** The parts of a model that are needed before and after a forward pass. */
export interface TextModel extends Encoder {
  readonly manifest: Manifest;
}

/** A model that the engines have loaded. */
export interface LoadedModel extends TextModel {
  /** Its name for callers. */
  readonly name: string;
  /** Its name in the engines and the scheduler, which no other version of the model shares. */
  readonly id: string;
  /** Its model folder. */
  readonly folder: string;
  /** Whether its recipe was exported for this load. */
  readonly isNew: boolean;
  /** Whether an engine serves it at present. */
  isUp(): boolean;
  /** The tokens of this model's texts by their sizes. */
  readonly tokenRatio: TokenRatio;
  /** Throws what `run` throws at once for so many tokens, before they are encoded. */
  admit(tokens: number, urgency: Urgency): void;
  /** The stamp of the folder when it was loaded. */
  readonly stamp: string;
  /** Keeps it loaded until the function that is returned is called. */
  hold(): () => void;
  /** Releases its memory when nobody holds it any more. No new work may begin. */
  unload(): Promise<void>;
  /**
   * Runs sequences through the model, in whatever batches the scheduler makes of them. Resolves to the logits of each
   * sequence, row after row. Throws the errors of Scheduler.submit.
   */
  run(sequences: readonly Sequence[], urgency: Urgency): Promise<Float32Array[]>;
}

/** The name of a model for callers, from its id in the engines. */
export function modelOf(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}

/** Until when a caller waits for a prediction, and which share of the engines it gets. */
export interface Urgency {
  /** In milliseconds, on the clock of performance.now(). */
  readonly deadline: number;
  /** Interactive unless it is given. */
  readonly priority?: Priority | undefined;
  /** Aborted when the caller no longer waits. */
  readonly signal?: AbortSignal;
  /** Called with the time in the queue and in forward passes, unless all logits were in the cache. */
  readonly onTiming?: (timing: Timing) => void;
}

/** The urgency of offline work, which has no deadline. */
export const UNHURRIED: Urgency = { deadline: Number.POSITIVE_INFINITY };
