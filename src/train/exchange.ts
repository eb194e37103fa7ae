// The messages between a training run and its worker processes. The trained values and the gradients are in files.

import type { Sequence } from '../engine/sequence.js';
import type { Pass, SessionShape } from './session.js';

/** The kinds of request that a worker answers: what each carries, and what its answer carries. */
export interface Exchange {
  /** Loads a graph. It comes first. */
  load: {
    request: {
      readonly folder: string;
      readonly shape: SessionShape;
      /** Where the run writes the trained values, and the worker its gradients. */
      readonly files: WorkerFiles;
    };
    reply: undefined;
  };
  /** Writes the sums of the gradients of passes. Answers the sum of their losses. */
  gradients: {
    request: { readonly passes: readonly Pass[] };
    reply: number;
  };
  /** The logits [rows, labels] of a batch of sequences. */
  logits: {
    request: { readonly sequences: readonly Sequence[] };
    reply: Float32Array;
  };
}

/** Paths. */
export interface WorkerFiles {
  readonly values: string;
  readonly gradients: string;
}

export type Kind = keyof Exchange;

/** A message to a worker, which answers it with one reply before it gets the next one. */
export type Request = { [K in Kind]: { readonly kind: K; readonly content: Exchange[K]['request'] } }[Kind];

export type Reply =
  | { readonly content: Exchange[Kind]['reply'] }
  /** `code` is that of an error of the file system. */
  | { readonly error: string; readonly code: string | undefined };
