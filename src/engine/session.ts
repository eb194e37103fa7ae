// One model loaded into ONNX Runtime: sequences in, logits out.

import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { packBatch, type Sequence } from './batch.js';
import { batchFeeds } from './feeds.js';
import { instructionSets, int8Saturates } from './processor.js';

export interface SessionOptions {
  /** `cpu`, `cuda` or `cuda:N`. */
  readonly device: string;
  /** Threads inside an operator. */
  readonly threads: number;
}

const GRAPH = 'model.onnx';

export class Session {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Loads a graph of a model folder. Throws what ONNX Runtime throws: a missing provider, a damaged file. */
  static async load(folder: string, options: SessionOptions, file = GRAPH): Promise<Session> {
    return new Session(await InferenceSession.create(join(folder, file), runtimeOptions(options)));
  }

  /**
   * Writes a folder's graph into the folder `into` with its weights packed as this processor's kernels take them: who
   * loads it there maps them, instead of packing a copy of its own. Throws what ONNX Runtime throws.
   * https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
   */
  static async pack(folder: string, into: string): Promise<void> {
    const options = runtimeOptions({ device: 'cpu', threads: 1 });
    const session = await InferenceSession.create(join(folder, GRAPH), {
      ...options,
      optimizedModelFilePath: join(into, GRAPH),
      extra: {
        session: {
          ...options.extra.session,
          optimized_model_external_initializers_file_name: `${GRAPH}.data`,
          save_external_prepacked_constant_initializers: '1',
        },
      },
    });
    await session.release();
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

/** How every session here is made. */
export function runtimeOptions({ device, threads }: SessionOptions) {
  return {
    executionProviders: [executionProvider(device)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4 as const,
    // a plan of memory for each shape of batch that ever came: no faster here, and a tenth more memory
    enableMemPattern: false,
    extra: {
      session: {
        x64quantprecision: int8Saturates(process.arch, instructionSets()) ? '1' : '0',
        // between two batches the cores are others'
        force_spinning_stop: '1',
      },
    },
  };
}

function executionProvider(device: string): InferenceSession.ExecutionProviderConfig {
  const [name, index] = device.split(':');
  return name === 'cuda' ? { name: 'cuda', deviceId: Number(index ?? 0) } : 'cpu';
}
