// The progress of the work that turns a checkpoint into a loaded model.

/** The stages of this work that take time, in their order. */
export type Stage = 'hashing' | 'calibrating' | 'writing' | 'verifying' | 'loading';

export interface Progress {
  readonly stage: Stage;
  /**
   * `done` and `total` count in the unit of the stage: bytes (hashing, writing), layers (calibrating), values of
   * weights (verifying) or steps (loading). They are equal at its end.
   */
  readonly done: number;
  readonly total: number;
}

export type OnProgress = (progress: Progress) => void;
