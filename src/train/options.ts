// What a user decides about a training run.

import type { Attention, Pooling, Task } from '../model/manifest.js';
import type { LabelledText } from './examples.js';
import type { LoraOptions } from './lora.js';
import type { Schedule } from './schedule.js';

export interface TrainOptions {
  readonly base: string;
  /** A folder whose tokenizer is used instead of the base's. */
  readonly tokenizer?: string;
  readonly task: Task;
  readonly attention: Attention;
  /** The first layer without the causal mask. */
  readonly bidirectionalFrom?: number;
  readonly pooling?: Pooling;
  /** Those of the data unless they are given. */
  readonly labels?: readonly string[];
  readonly lora: LoraOptions;
  /** As many as fit into `minutes` unless they are given. */
  readonly epochs?: number;
  /** The time of all steps. */
  readonly minutes?: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** The share of the steps in which the learning rate rises. */
  readonly warmUp: number;
  /** The tokens of an optimiser step. */
  readonly batchTokens: number;
  readonly maxLength: number;
  /** Epochs without a better score on the development set, after which training ends. */
  readonly patience: number;
  readonly seed: number;
}

export interface TrainingData {
  readonly train: readonly LabelledText[];
  /** Texts that choose the epoch whose adapter is kept. */
  readonly dev?: readonly LabelledText[];
}
