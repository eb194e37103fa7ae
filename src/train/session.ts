// Runs the steps of a training graph: a batch and the trained tensors in, the loss and its gradients out.

import { join } from 'node:path';
import { batchTensors, packBatch } from '../engine/batch.js';
import type { Sequence } from '../engine/sequence.js';
import { LOGITS, MODEL_FILE } from '../onnx/contract.js';
import { createSession, type InferenceSession, Tensor } from '../onnx/runtime.js';
import { dropoutMaskOf, gradientOf, LOSS, LOSS_SCALE, TARGETS } from './names.js';
import type { Parameters } from './parameters.js';

/** Sequences, and the labels of each row that the head reads. */
export interface TrainingBatch {
  readonly sequences: readonly Sequence[];
  /** [rows, labels]: 1 where a row has a label, 0 elsewhere. */
  readonly targets: Float32Array;
  /** What the sum of the rows' losses is multiplied by. */
  readonly lossScale: number;
}

export interface StepResult {
  readonly loss: number;
  /** By the name of the trained tensor. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

export class TrainingSession {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Loads the graph of a folder. */
  static async load(folder: string, threads: number): Promise<TrainingSession> {
    return new TrainingSession(await createSession(join(folder, MODEL_FILE), { device: 'cpu', threads }));
  }

  /** Runs forward and backward. */
  async step(
    batch: TrainingBatch,
    parameters: Parameters,
    dropout: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<StepResult> {
    const { sequences, targets, lossScale } = batch;
    const packed = packBatch(sequences);
    const rows = targets.length / parameters.labels;
    const feeds: Record<string, Tensor> = {
      ...batchTensors(packed, this.#session.inputNames),
      ...this.#parameterTensors(parameters),
      [TARGETS]: new Tensor('float32', targets, [rows, parameters.labels]),
      [LOSS_SCALE]: new Tensor('float32', Float32Array.of(lossScale), []),
    };
    for (const [module, mask] of dropout) {
      const shape = [packed.sizes.tokens, mask.length / packed.sizes.tokens];
      feeds[dropoutMaskOf(module)] = new Tensor('bool', mask, shape);
    }
    const results = await this.#session.run(feeds);
    return {
      loss: results[LOSS]!.data[0] as number,
      gradients: new Map(
        [...parameters.tensors.keys()].map(name => [name, results[gradientOf(name)]!.data as Float32Array]),
      ),
    };
  }

  /** Runs a graph without gradients. Returns the logits [rows, labels]. */
  async logits(sequences: readonly Sequence[], parameters: Parameters): Promise<Float32Array> {
    const results = await this.#session.run({
      ...batchTensors(packBatch(sequences), this.#session.inputNames),
      ...this.#parameterTensors(parameters),
    });
    return results[LOGITS]!.data as Float32Array;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #parameterTensors({ tensors }: Parameters): Record<string, Tensor> {
    return Object.fromEntries(
      [...tensors].map(([name, { shape, values }]) => [name, new Tensor('float32', values, shape)]),
    );
  }
}
