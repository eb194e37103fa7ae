// The worker processes of a training run. Each has a session of the same graph and its share of the cores: two passes on
// one core each take less time than two passes, one after the other, on both.

import { join } from 'node:path';
import type { Sequence } from '../engine/sequence.js';
import { ArrayFile } from './arrayFile.js';
import { sizeOf } from './parameters.js';
import type { Gradients, Pass, SessionShape } from './session.js';
import { WorkerProcess } from './workerProcess.js';

interface Worker {
  readonly process: WorkerProcess;
  readonly gradients: ArrayFile;
}

export class Workers {
  readonly #workers: readonly Worker[];
  readonly #values: ArrayFile;

  private constructor(workers: readonly Worker[], values: ArrayFile) {
    this.#workers = workers;
    this.#values = values;
  }

  /**
   * Starts so many processes and loads the graph of a folder into each. Files for the trained values and the gradients
   * are made in the folder. Throws what the file system throws, or ONNX Runtime.
   */
  static async start(folder: string, shape: SessionShape, count: number): Promise<Workers> {
    const values = join(folder, 'values');
    const paths = Array.from({ length: count }, (_, i) => join(folder, `gradients-${i}`));
    const make = (path: string) => new ArrayFile(path, sizeOf(shape.layout), 'w+');
    const valuesFile = make(values);
    const files = paths.map(make);
    const started = files.map(gradients => ({ gradients, process: new WorkerProcess() }));
    const workers = new Workers(started, valuesFile);
    const loads = started.map(({ process }, i) =>
      process.ask('load', { folder, shape, files: { values, gradients: paths[i]! } }),
    );
    try {
      await Promise.all(loads);
      return workers;
    } catch (error) {
      await workers.close();
      throw error;
    }
  }

  get count(): number {
    return this.#workers.length;
  }

  /**
   * The sums of the losses and gradients of passes, of which each worker has a share. They are taken in the same order
   * each time: that of a worker's passes, then that of the workers. The next call changes the array.
   */
  async gradients(shares: readonly (readonly Pass[])[], values: Float32Array): Promise<Gradients> {
    this.#values.write(values);
    const losses = await Promise.all(
      shares.map((passes, i) => this.#workers[i]!.process.ask('gradients', { passes })),
    );
    const [sum, ...others] = shares.map((_, i) => this.#workers[i]!.gradients.read());
    for (const more of others) for (let i = 0; i < more.length; i++) sum![i]! += more[i]!;
    return { loss: losses.reduce((total, loss) => total + loss), values: sum! };
  }

  /** The logits [rows, labels] of each batch of sequences. `onBatch` is called after each of them. */
  async logits(
    batches: readonly (readonly Sequence[])[],
    values: Float32Array,
    onBatch: (batch: number) => void,
  ): Promise<Float32Array[]> {
    this.#values.write(values);
    const logits = new Array<Float32Array>(batches.length);
    let next = 0;
    const takeBatches = async ({ process }: Worker) => {
      while (next < batches.length) {
        const batch = next++;
        logits[batch] = await process.ask('logits', { sequences: batches[batch]! });
        onBatch(batch);
      }
    };
    await Promise.all(this.#workers.map(takeBatches));
    return logits;
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ process }) => process.end()));
    for (const file of [this.#values, ...this.#workers.map(({ gradients }) => gradients)]) file.close();
  }
}
