// Runs passes of a training graph: a batch and the trained tensors in, the loss and its gradients out.

import { join } from 'node:path';
import type { WrittenTensor } from '../checkpoint/safetensorsWriter.js';
import { batchTensors, packBatch } from '../engine/batch.js';
import type { Sequence } from '../engine/sequence.js';
import { LOGITS, MODEL_FILE } from '../onnx/contract.js';
import { createSession, type InferenceSession, Tensor } from '../onnx/runtime.js';
import { Dropout } from './dropout.js';
import { gradientOf, isDropoutMask, LOSS, LOSS_SCALE, TARGETS } from './names.js';
import { type Layout, sizeOf, tensorsOf } from './parameters.js';
import { Random } from './random.js';

/** Sequences, and the labels of each row that the head reads. */
export interface Pass {
  readonly sequences: readonly Sequence[];
  /** [rows, labels]: 1 where a row has a label, 0 elsewhere. */
  readonly targets: WrittenTensor;
  /** What the sum of the rows' losses is multiplied by. */
  readonly lossScale: number;
  /** What the masks of dropout depend on beside the module's name. */
  readonly random: ConstructorParameters<typeof Random>;
}

export interface SessionShape {
  readonly layout: Layout;
  /** The share of values that dropout drops. */
  readonly dropout: number;
  readonly threads: number;
}

export interface Gradients {
  readonly loss: number;
  /** In the order of the layout. */
  readonly values: Float32Array;
}

export class TrainingSession {
  readonly #session: InferenceSession;
  readonly #layout: Layout;
  readonly #dropout: Dropout | undefined;

  private constructor(session: InferenceSession, { layout, dropout }: SessionShape) {
    this.#session = session;
    this.#layout = layout;
    this.#dropout = dropout > 0 ? new Dropout(dropout) : undefined;
  }

  /** Loads the graph of a folder. */
  static async load(folder: string, shape: SessionShape): Promise<TrainingSession> {
    const options = { device: 'cpu', threads: shape.threads };
    return new TrainingSession(await createSession(join(folder, MODEL_FILE), options), shape);
  }

  /** Runs passes forward and backward. Returns the sums of their losses and gradients. */
  async gradients(passes: readonly Pass[], values: Float32Array): Promise<Gradients> {
    const sums = new Float32Array(sizeOf(this.#layout));
    let loss = 0;
    for (const pass of passes) {
      const results = await this.#session.run(this.#feedsOf(pass, values));
      loss += results[LOSS]!.data[0] as number;
      for (const [name, sum] of tensorsOf(this.#layout, sums)) {
        addTo(sum.values, results[gradientOf(name)]!.data as Float32Array);
      }
    }
    return { loss, values: sums };
  }

  /** Runs a graph without gradients. Returns the logits [rows, labels]. */
  async logits(sequences: readonly Sequence[], values: Float32Array): Promise<Float32Array> {
    const results = await this.#session.run({
      ...batchTensors(packBatch(sequences), this.#session.inputNames),
      ...this.#trainedTensors(values),
    });
    return results[LOGITS]!.data as Float32Array;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #feedsOf({ sequences, targets, lossScale, random }: Pass, values: Float32Array): Record<string, Tensor> {
    const packed = packBatch(sequences);
    return {
      ...batchTensors(packed, this.#session.inputNames),
      ...this.#trainedTensors(values),
      [TARGETS]: new Tensor('float32', targets.values, targets.shape),
      [LOSS_SCALE]: new Tensor('float32', Float32Array.of(lossScale), []),
      ...this.#dropoutMasks(packed.sizes.tokens, random),
    };
  }

  #trainedTensors(all: Float32Array): Record<string, Tensor> {
    return Object.fromEntries(
      [...tensorsOf(this.#layout, all)].map(([name, { shape, values }]) => [
        name,
        new Tensor('float32', values, shape),
      ]),
    );
  }

  /** A mask [tokens, in] for what each module's LoRA reads; none where nothing is dropped. */
  #dropoutMasks(tokens: number, [seed, ...purpose]: Pass['random']): Record<string, Tensor> {
    const masks: Record<string, Tensor> = {};
    if (!this.#dropout) return masks;
    for (const { name, ...input } of this.#session.inputMetadata) {
      if (!isDropoutMask(name) || !input.isTensor) continue;
      const width = input.shape[1] as number;
      const mask = this.#dropout.mask(tokens * width, new Random(seed, ...purpose, name));
      masks[name] = new Tensor('bool', mask, [tokens, width]);
    }
    return masks;
  }
}

function addTo(sum: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
}
