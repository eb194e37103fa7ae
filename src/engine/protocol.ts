// What the HTTP process and an engine process say to each other.

import type { Sequence } from './batch.js';
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
    };

export type Reply =
  | { readonly id: number; readonly logits: readonly Float32Array[]; readonly seconds: number }
  | { readonly id: number; readonly error: string };
