// What the linear layers of a decoder read while it reads some texts: one layer at a time, in float32, so that memory
// stays at one layer's weights however large the model is.

import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Merged } from '../checkpoint/merge.js';
import type { TensorSource } from '../checkpoint/tensors.js';
import '../noTelemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { packBatch, type Sequence } from '../engine/batch.js';
import { batchFeeds } from '../engine/feeds.js';
import { decoderLayer } from '../graph/decoder.js';
import { Graph, type Value } from '../graph/graph.js';
import { batchInputs, type DecoderOptions } from '../graph/inputs.js';
import { float32, type Precision } from '../graph/precision.js';
import { Weights } from '../graph/weights.js';
import { VERSION } from '../version.js';

/** A value that some linear layers read: [rows, width]. */
export interface LinearInput {
  readonly modules: readonly string[];
  readonly rows: number;
  readonly values: Float32Array;
}

/**
 * Runs the sequences through the decoder, and tells what each layer's linear layers read, layer after layer.
 * `folder` is for files of its own.
 */
export async function* linearInputs(
  { decoder: config, weights: source }: Merged,
  sequences: readonly Sequence[],
  options: DecoderOptions,
  folder: string,
): AsyncGenerator<LinearInput[]> {
  const packed = packBatch(sequences);
  let hidden = await embeddings(source, packed.input_ids, config.embeddingScale);
  for (let layer = 0; layer < config.layers; layer++) {
    mkdirSync(folder);
    const { reads, output } = await writeLayer(layer);
    const session = await InferenceSession.create(join(folder, MODEL), {
      intraOpNumThreads: availableParallelism(),
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    try {
      const results = await session.run({
        ...batchFeeds(packed, session.inputNames),
        hidden: new Tensor('float32', hidden, [packed.tokens, config.hiddenSize]),
      });
      hidden = results[output]!.data as Float32Array;
      yield reads.map(({ x, modules }) => ({
        modules,
        rows: packed.tokens,
        values: results[x]!.data as Float32Array,
      }));
    } finally {
      await session.release();
      rmSync(folder, { recursive: true });
    }
  }

  /** One layer as the decoder has it, whose outputs are what its linear layers read. */
  async function writeLayer(layer: number) {
    const graph = new Graph(join(folder, MODEL));
    const weights = new Weights(source);
    const plain = float32(graph, weights);
    const reads: { x: Value; modules: readonly string[] }[] = [];
    const recording: Precision = {
      ...plain,
      linear(x, modules) {
        reads.push({ x: x.values, modules });
        return plain.linear(x, modules);
      },
    };
    const runLayer = decoderLayer(graph, weights, recording, config, batchInputs(graph), options);
    const output = runLayer(layer, graph.floatInput('hidden', ['tokens', config.hiddenSize]));
    graph.output(output, ['tokens', config.hiddenSize]);
    for (const { x } of reads) graph.output(x, ['tokens', `${x}.width`]);
    await graph.finish(VERSION, () => {});
    return { reads, output };
  }
}

const MODEL = 'layer.onnx';

/** Rows of the table that the ids name: [tokens, hidden]. */
async function embeddings(source: TensorSource, ids: BigInt64Array, scale: number): Promise<Float32Array> {
  const rows: number[] = [];
  for (const id of ids) {
    const row = await source.read('embed_tokens.weight', Number(id), Number(id) + 1);
    for (const value of row) rows.push(value * scale);
  }
  return Float32Array.from(rows);
}
