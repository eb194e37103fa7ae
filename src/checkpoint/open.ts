// A base and its adapters, opened together and closed together.

import { type Adapter, openAdapter } from './adapter.js';
import { type Base, openBase } from './base.js';
import type { TensorSource } from './tensors.js';

export interface Checkpoint {
  readonly base: Base;
  readonly adapters: readonly Adapter[];
  /** Closes the files of the base and of every adapter. */
  close(): void;
}

/**
 * Opens a base and the adapters to merge into it, given their paths.
 * Throws UserError where one of them is missing, incomplete or not supported; no file stays open then.
 */
export function openCheckpoint(paths: {
  readonly base: string;
  readonly adapters: readonly string[];
}): Checkpoint {
  const sources: TensorSource[] = [];
  const close = () => {
    for (const source of sources) source.close();
  };
  try {
    const base = openBase(paths.base);
    sources.push(base.weights);
    const adapters = paths.adapters.map(folder => {
      const adapter = openAdapter(folder);
      sources.push(adapter.source);
      return adapter;
    });
    return { base, adapters, close };
  } catch (error) {
    close();
    throw error;
  }
}
