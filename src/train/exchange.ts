// The messages between a training run and its worker processes.

import type { Sequence } from '../engine/sequence.js';
import type { Gradients, Pass, SessionShape } from './session.js';

/** The kinds of request that a worker answers: what each carries, and what its answer carries. */
export interface Exchange {
  /** Loads a graph. It comes first. */
  load: {
    request: { readonly folder: string; readonly shape: SessionShape };
    reply: undefined;
  };
  /** The sums of the losses and gradients of passes. `values` are the trained ones. */
  gradients: {
    request: { readonly passes: readonly Pass[]; readonly values: Float32Array };
    reply: Gradients;
  };
  /** The logits [rows, labels] of each batch of sequences. */
  logits: {
    request: { readonly batches: readonly (readonly Sequence[])[]; readonly values: Float32Array };
    reply: readonly Float32Array[];
  };
}

export type Kind = keyof Exchange;

/** A message to a worker, which answers it with one reply before it gets the next one. */
export type Request = { [K in Kind]: { readonly kind: K; readonly content: Exchange[K]['request'] } }[Kind];

export type Reply = { readonly content: Exchange[Kind]['reply'] } | { readonly error: string };
