// One model loaded into ONNX Runtime: sequences in, logits out.

import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { packBatch, type Sequence } from './batch.js';
import { batchFeeds } from './feeds.js';
import { instructionSets, int8Saturates } from './processor.js';

export interface SessionOptions {
  /** `cpu`, `cuda`, `cuda:N`, or `auto`: cuda where it loads, else cpu. */
  readonly device: string;
  /** Threads inside an operator. */
  readonly threads: number;
}

export class Session {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Loads a graph of a model folder. Throws what ONNX Runtime throws: a missing provider, a damaged file. */
  static async load(
    folder: string,
    { device, threads }: SessionOptions,
    file = 'model.onnx',
  ): Promise<Session> {
    if (device === 'auto') {
      return Session.load(folder, { device: 'cuda', threads }, file).catch(() =>
        Session.load(folder, { device: 'cpu', threads }, file),
      );
    }
    const session = await InferenceSession.create(join(folder, file), {
      executionProviders: [executionProvider(device)],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      extra: { session: { x64quantprecision: int8Saturates(process.arch, instructionSets()) ? '1' : '0' } },
    });
    return new Session(session);
  }

  /** Logits of each sequence, row after row: headPositions.length * labels, or labels where the model pools. */
  async run(sequences: readonly Sequence[]): Promise<Float32Array[]> {
    const packed = packBatch(sequences);
    const outputs = await this.#session.run(batchFeeds(packed, this.#session.inputNames));
    const logits = outputs.logits!;
    const labels = logits.dims[1]!;
    const values = logits.data as Float32Array;
    const pooled = this.#session.inputNames.includes('sequence_ids');
    let row = 0;
    return sequences.map(({ headPositions }) => {
      const rows = pooled ? 1 : headPositions.length;
      const own = values.slice(row * labels, (row + rows) * labels);
      row += rows;
      return own;
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function executionProvider(device: string): InferenceSession.ExecutionProviderConfig {
  const [name, index] = device.split(':');
  return name === 'cuda' ? { name: 'cuda', deviceId: Number(index ?? 0) } : 'cpu';
}
