// The messages between a supervisor (engine.ts) and its engine process.

import type { RuntimeReport } from './probe.js';
import type { Chunk, Sequence } from './sequence.js';
import type { SessionOptions } from './session.js';

/** The kinds of request that an engine process answers: what each carries, and what its answer carries. */
export interface Exchange {
  /** Loads a model folder under the name `model`. */
  load: {
    request: { readonly model: string; readonly folder: string; readonly options: SessionOptions };
    reply: LoadReply;
  };
  /** Releases a loaded model. */
  unload: {
    request: { readonly model: string };
    reply: undefined;
  };
  /** Runs one forward pass of a loaded model. */
  run: {
    request: { readonly model: string; readonly sequences: readonly Sequence[] };
    reply: RunReply;
  };
  /** Runs some tokens of a sequence, of which earlier chunks have run. `logits` are those of the positions among them. */
  runChunk: {
    request: { readonly model: string; readonly sequence: Sequence; readonly chunk: Chunk };
    reply: RunReply;
  };
  /** Forgets the chunks of a sequence that is not run to its end. */
  forget: {
    request: { readonly model: string };
    reply: undefined;
  };
  /** Writes a model folder's graph, packed for this processor, into the folder `into`. */
  pack: {
    request: { readonly folder: string; readonly into: string };
    reply: undefined;
  };
  /** Reports the version and the execution providers of ONNX Runtime on this machine. */
  probe: {
    request: Record<string, never>;
    reply: RuntimeReport;
  };
}

export interface LoadReply {
  /** Whether the model runs long sequences in chunks. */
  readonly takesChunks: boolean;
}

export interface RunReply {
  /** The logits of each sequence, row after row. */
  readonly logits: readonly Float32Array[];
  /** Time of the forward pass alone, without the messages. */
  readonly seconds: number;
}

export type Kind = keyof Exchange;

/** A message to an engine process, which answers it with one Reply of the same id. */
export type Request<K extends Kind = Kind> = {
  [Each in K]: { readonly id: number; readonly kind: Each; readonly content: Exchange[Each]['request'] };
}[K];

export type Reply =
  | { readonly id: number; readonly content: Exchange[Kind]['reply'] }
  | { readonly id: number; readonly error: string };
