// The inputs of a decoder's linear layers while it reads some texts. One layer runs at a time, in float32, so that memory
// stays at one layer's weights however large the model is.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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
import { createSession, Tensor } from '../onnx/runtime.js';
import { VERSION } from '../version.js';
import { LayerWeights } from './layerWeights.js';

/** A value that some linear layers read: [rows, width]. */
export interface LinearInput {
  readonly modules: readonly string[];
  /** The weight [out, width] of each module. The arrays are valid until the next layer is asked for. */
  readonly weights: readonly Float32Array[];
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
  const { decoder: config } = merged;
  const layerWeights = new LayerWeights(merged);
  const { source } = layerWeights;
  const packed = packBatch(sequences);
  const { tokens } = packed.sizes;
  let hidden = await embeddings(source, packed.inputs.input_ids, config.embeddingScale);
  for (let layer = 0; layer < config.layers; layer++) {
    await layerWeights.load(layer);
    mkdirSync(folder);
    const { inputs, output } = await writeLayer(layer);
    const session = await createSession(join(folder, MODEL), { device: 'cpu', threads: usableCores() });
    try {
      const results = await session.run({
        ...batchTensors(packed, session.inputNames),
        hidden: new Tensor('float32', hidden, [tokens, config.hiddenSize]),
      });
      hidden = results[output]!.data as Float32Array;
      yield inputs.map(({ x, modules }) => ({
        modules,
        weights: modules.map(module => layerWeights.of(module)),
        rows: tokens,
        values: results[x]!.data as Float32Array,
      }));
    } finally {
      await session.release();
      rmSync(folder, { recursive: true });
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
    const runLayer = decoderLayer({ graph, weights, precision: recording, config, batch, options });
    const output = runLayer(layer, graph.input('hidden', 'float32', ['tokens', config.hiddenSize]));
    graph.output(output, 'float32', ['tokens', config.hiddenSize]);
    for (const { x } of inputs) graph.output(x, 'float32', ['tokens', `${x}.width`]);
    await graph.finish(VERSION, () => {});
    return { inputs, output };
  }
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
