// A checkpoint to model.onnx: the one entrance to this room.

import { join } from 'node:path';
import type { Merged } from '../checkpoint/merge.js';
import { decoder } from './decoder.js';
import { Graph } from './graph.js';
import { labelHead, type Readout, rowsRead } from './heads.js';
import { rmsNorm } from './norm.js';
import { float16, float32, type Precision } from './precision.js';
import { Weights } from './weights.js';

/** Every precision that can be written, by its name in manifests and on the command line. */
export const PRECISIONS: Record<'float32' | 'float16', Precision> = { float32, float16 };
export type { Readout };
export type PrecisionName = keyof typeof PRECISIONS;

export interface GraphOptions {
  readonly readout: Readout;
  readonly precision: PrecisionName;
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
  const precision = PRECISIONS[options.precision];
  const weights = new Weights(source);
  const graph = new Graph(join(folder, 'model.onnx'));
  const batch = {
    ids: graph.input('input_ids', ['tokens']),
    positions: graph.input('positions', ['tokens']),
    gridRows: graph.input('grid_rows', ['batch', 'length']),
    rowSlots: graph.input('row_slots', ['tokens']),
    lengths: graph.input('lengths', ['batch']),
  };
  const hidden = decoder(graph, weights, precision, config, batch, options);
  const read = rowsRead(graph, hidden, options.readout);
  const normed = rmsNorm(graph, weights, config, read, 'norm');
  labelHead(graph, weights, head, normed, batch.lengths, options.readout);
  let done = 0;
  await graph.finish(options.producerVersion, bytes => {
    done += bytes;
    options.onProgress(done, graph.dataBytes);
  });
}
