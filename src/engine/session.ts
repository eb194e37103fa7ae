// One model loaded into ONNX Runtime: sequences in, logits out.

import { join } from 'node:path';
import { DATA_FILE, LOGITS, MODEL_FILE } from '../onnx/contract.js';
import { createSession, type InferenceSession, type SessionOptions } from '../onnx/runtime.js';
import { batchTensors, packBatch, packChunk } from './batch.js';
import { createGpuSession } from './gpuSession.js';
import { Past } from './past.js';
import type { Chunk, Sequence } from './sequence.js';

export type { SessionOptions };

/**
 * What the length of the attention grid is a multiple of, on a GPU: the memory-efficient kernel, which reads the mask of
 * a sliding window, takes no other lengths, and kernels and memory are used again for batches of similar lengths. Tokens.
 */
const GPU_LENGTH_STEP = 8;

export class Session {
  readonly #session: InferenceSession;
  /** Whether the label head gives one row of logits for each sequence, instead of one for each head position. */
  readonly #isPooled: boolean;
  readonly #isOnGpu: boolean;
  readonly #past: Past;

  private constructor(session: InferenceSession, isOnGpu: boolean) {
    this.#session = session;
    this.#isOnGpu = isOnGpu;
    this.#past = new Past(session);
    const logits = session.outputMetadata.find(({ name }) => name === LOGITS);
    if (!logits?.isTensor) throw new Error(`expected a graph with the output ${LOGITS}, found none`);
    this.#isPooled = logits.shape[0] === 'batch';
  }

  /**
   * Loads a graph of a model folder. Throws what ONNX Runtime throws: a missing provider, a damaged file. On a GPU it
   * throws for a graph that would not run there completely.
   */
  static async load(folder: string, options: SessionOptions, file = MODEL_FILE): Promise<Session> {
    const path = join(folder, file);
    if (options.device === 'cpu') return new Session(await createSession(path, options), false);
    const brief = [{ ids: Int32Array.of(0), headPositions: Int32Array.of(0) }];
    const session = await createGpuSession(path, options, created => new Session(created, true).run(brief));
    return new Session(session, true);
  }

  /**
   * Writes a folder's graph into the folder `into`, with its weights packed as this processor's kernels take them. A
   * process that loads this copy maps the packed weights instead of packing a copy of its own. Throws what ONNX Runtime
   * throws.
   */
  static async pack(folder: string, into: string): Promise<void> {
    const packedCopy = { path: join(into, MODEL_FILE), dataFile: DATA_FILE };
    const session = await createSession(
      join(folder, MODEL_FILE),
      { device: 'cpu', threads: 1 },
      { packedCopy },
    );
    await session.release();
  }

  /**
   * Runs one forward pass. Returns the logits of each sequence, row after row: headPositions.length * labels, or labels
   * where the model pools.
   */
  async run(sequences: readonly Sequence[]): Promise<Float32Array[]> {
    const batch = packBatch(sequences, this.#isOnGpu ? GPU_LENGTH_STEP : 1);
    const feeds = { ...batchTensors(batch, this.#session.inputNames), ...this.#past.none(sequences.length) };
    const logits = (await this.#session.run(feeds, [LOGITS]))[LOGITS]!;
    const labels = logits.dims[1]!;
    const values = logits.data as Float32Array;
    let row = 0;
    return sequences.map(({ headPositions }) => {
      const rows = this.#isPooled ? 1 : headPositions.length;
      const own = values.slice(row * labels, (row + rows) * labels);
      row += rows;
      return own;
    });
  }

  /** Whether a sequence can be run in chunks. A GPU would have to copy keys and values to and from the CPU for them. */
  get takesChunks(): boolean {
    return this.#past.isKept && !this.#isOnGpu;
  }

  /**
   * Runs some tokens of a sequence: the first ones, or those that follow the chunk of the call before. Returns the logits
   * of the head positions among them, row after row. What later chunks need is kept until the last one, or `forget`.
   */
  async runChunk(sequence: Sequence, chunk: Chunk): Promise<Float32Array> {
    const { start, end } = chunk;
    const { length } = sequence.ids;
    const isLast = end === length;
    const feeds = {
      ...batchTensors(packChunk(sequence, chunk), this.#session.inputNames),
      ...this.#past.before(start, length),
    };
    const fetches = { [LOGITS]: null, ...(isLast ? {} : this.#past.keep(end)) };
    const logits = (await this.#session.run(feeds, fetches))[LOGITS]!;
    if (isLast) this.forget();
    const isRead = sequence.headPositions.some(position => position >= start && position < end);
    return isRead ? (logits.data as Float32Array) : new Float32Array(0);
  }

  /** Forgets the chunks of a sequence that is not run to its end. */
  forget(): void {
    this.#past.forget();
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
