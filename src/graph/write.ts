// A checkpoint to model.onnx: the one entrance to this room.

import { join } from 'node:path';
import type { Merged } from '../checkpoint/merge.js';
import { decoder } from './decoder.js';
import { Graph } from './graph.js';
import { labelHead, type Readout, rowReader } from './heads.js';
import { batchInputs } from './inputs.js';
import { int8 } from './int8.js';
import { rmsNorm } from './norm.js';
import { float16, float32, type Precision } from './precision.js';
import { Weights } from './weights.js';

/** Every precision that can be written, by its name in manifests and on the command line. */
export const PRECISIONS = ['float32', 'float16', 'int8'] as const;
export type { Readout };
export type PrecisionName = (typeof PRECISIONS)[number];

const WRITERS: Record<
  PrecisionName,
  (graph: Graph, weights: Weights, isKept: (module: string) => boolean) => Precision
> = { float32, float16, int8 };

export interface GraphOptions {
  readonly readout: Readout;
  readonly precision: PrecisionName;
  /** Linear layers that stay float32 at int8. */
  readonly keptFloat: ReadonlySet<string>;
  /** The first layer without the causal mask; the number of layers for none. */
  readonly bidirectionalFrom: number;
  readonly maxLength: number;
  readonly producerVersion: string;
  /** Told of the bytes of weights written so far, and of all there will be. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Writes model.onnx and its data file into `folder`. Throws UserError where a weight is missing or misshapen. */
export async function writeGraph(
  folder: string,
  { decoder: config, weights: source, head }: Merged,
  options: GraphOptions,
): Promise<void> {
  const weights = new Weights(source);
  const graph = new Graph(join(folder, 'model.onnx'));
  const ids = graph.input('input_ids', ['tokens']);
  const batch = batchInputs(graph);
  const precision = WRITERS[options.precision](graph, weights, module => options.keptFloat.has(module));
  const read = rowReader(graph, options.readout);
  const hidden = decoder(graph, weights, precision, config, ids, batch, options, read);
  const normed = rmsNorm(graph, weights, config, hidden, 'norm');
  labelHead(graph, weights, head, normed, batch.lengths, options.readout);
  let done = 0;
  await graph.finish(options.producerVersion, bytes => {
    done += bytes;
    options.onProgress(done, graph.dataBytes);
  });
}
