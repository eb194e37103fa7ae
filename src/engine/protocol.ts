// What the HTTP process and an engine process say to each other.

import type { Sequence } from './batch.js';
import type { RuntimeReport } from './probe.js';
import type { SessionOptions } from './session.js';

/** Every request is answered by one Reply with its id. */
export type Request =
  | {
      readonly id: number;
      readonly kind: 'load';
      readonly model: string;
      readonly folder: string;
      readonly options: SessionOptions;
    }
  | {
      readonly id: number;
      readonly kind: 'run';
      readonly model: string;
      readonly sequences: readonly Sequence[];
    }
  | { readonly id: number; readonly kind: 'pack'; readonly folder: string; readonly into: string }
  | { readonly id: number; readonly kind: 'probe' };

/** What a request comes to. */
export interface Result {
  /** Of each sequence, row after row; empty where nothing was run. */
  readonly logits: readonly Float32Array[];
  /** The work alone, without the way here and back. */
  readonly seconds: number;
  /** For a probe. */
  readonly runtime?: RuntimeReport;
}

export type Reply =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: string };
