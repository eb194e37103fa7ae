// How far the work is that turns a checkpoint into a model that answers.

/** The stages of this work that take time, in their order. */
export type Stage = 'hashing' | 'calibrating' | 'writing' | 'verifying' | 'loading';

export interface Progress {
  readonly stage: Stage;
  /** Both count what the stage goes through: bytes, layers, weights or steps. They are equal at its end. */
  readonly done: number;
  readonly total: number;
}

export type OnProgress = (progress: Progress) => void;
