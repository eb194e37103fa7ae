// The inputs of a decoder's linear layers while it reads some texts. One layer is written and run at a time, in float32,
// and its merged weights are read back as they are asked for, so that memory stays at a few weights of one layer however
// large the model is.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RandomAccessFile } from '../checkpoint/files.js';
import type { Merged } from '../checkpoint/merge.js';
import type { TensorSource } from '../checkpoint/tensors.js';
import { batchTensors, packBatch } from '../engine/batch.js';
import type { Sequence } from '../engine/sequence.js';
import { decoderLayer } from '../graph/decoder.js';
import { Graph, type Value } from '../graph/graph.js';
import { batchInputs, type DecoderOptions } from '../graph/inputs.js';
import { float32, type Precision } from '../graph/precision.js';
import { Weights } from '../graph/weights.js';
import { usableCores } from '../machine/cores.js';
import { DATA_FILE } from '../onnx/contract.js';
import { createSession, Tensor } from '../onnx/runtime.js';
import { VERSION } from '../version.js';

/** A value that some linear layers read: [rows, width]. */
export interface LinearInput {
  readonly modules: readonly string[];
  /** Reads the weight [out, width] of each module. It can be called until the next layer is asked for. */
  readonly readWeights: () => Promise<Float32Array[]>;
  readonly rows: number;
  readonly values: Float32Array;
}

const MODEL = 'layer.onnx';

/**
 * Runs the sequences through the decoder and yields, layer after layer, the inputs of each layer's linear layers.
 * `folder` must not exist; it is created for temporary files and removed.
 */
export async function* linearInputs(
  merged: Merged,
  sequences: readonly Sequence[],
  options: DecoderOptions,
  folder: string,
): AsyncGenerator<LinearInput[]> {
  const { decoder: config, weights: source } = merged;
  const packed = packBatch(sequences);
  const { tokens } = packed.sizes;
  let hidden = await embeddings(source, packed.inputs.input_ids, config.embeddingScale);
  for (let layer = 0; layer < config.layers; layer++) {
    mkdirSync(folder);
    try {
      const { graph, inputs, output } = await writeLayer(layer);
      const results = await runLayer(hidden);
      hidden = results[output]!.data as Float32Array;
      const file = new RandomAccessFile(join(folder, DATA_FILE));
      try {
        yield inputs.map(({ x, modules }) => ({
          modules,
          readWeights: () => readWeights(file, graph, modules),
          rows: tokens,
          values: results[x]!.data as Float32Array,
        }));
      } finally {
        file.close();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Runs the layer that is written. Its session has ended when this resolves, and holds no weights any more. */
  async function runLayer(x: Float32Array) {
    const device = { device: 'cpu', threads: usableCores() };
    const session = await createSession(join(folder, MODEL), device, { runsOnce: true });
    try {
      return await session.run({
        ...batchTensors(packed, session.inputNames),
        hidden: new Tensor('float32', x, [tokens, config.hiddenSize]),
      });
    } finally {
      await session.release();
    }
  }

  /** Writes one layer as a model whose outputs are the layer's own output and the inputs of its linear layers. */
  async function writeLayer(layer: number) {
    const graph = new Graph(join(folder, MODEL));
    const weights = new Weights(source);
    const plain = float32(graph, weights);
    const inputs: { x: Value; modules: readonly string[] }[] = [];
    const recording: Precision = {
      ...plain,
      linear(x, modules) {
        inputs.push({ x: x.values, modules });
        return plain.linear(x, modules);
      },
    };
    const batch = batchInputs(graph);
    const addLayer = decoderLayer({ graph, weights, precision: recording, config, batch, options });
    const output = addLayer(layer, graph.input('hidden', 'float32', ['tokens', config.hiddenSize]));
    graph.output(output, 'float32', ['tokens', config.hiddenSize]);
    for (const { x } of inputs) graph.output(x, 'float32', ['tokens', `${x}.width`]);
    await graph.finish(VERSION, () => {});
    return { graph, inputs, output };
  }
}

/** Reads the weights of modules back from the data file of a graph. */
function readWeights(
  file: RandomAccessFile,
  graph: Graph,
  modules: readonly string[],
): Promise<Float32Array[]> {
  return Promise.all(
    modules.map(async module => {
      const { offset, length } = graph.placeOf(`${module}.weight`);
      const { buffer, byteOffset } = await file.read(offset, length);
      return new Float32Array(buffer, byteOffset, length / Float32Array.BYTES_PER_ELEMENT);
    }),
  );
}

/** The rows of the embedding table that the ids name: [tokens, hidden]. */
async function embeddings(source: TensorSource, ids: BigInt64Array, scale: number): Promise<Float32Array> {
  const rows: number[] = [];
  for (const id of ids) {
    const row = await source.read('embed_tokens.weight', Number(id), Number(id) + 1);
    for (const value of row) rows.push(value * scale);
  }
  return Float32Array.from(rows);
}
