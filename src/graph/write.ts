// A checkpoint to model.onnx: the one entrance to this room.

import { join } from 'node:path';
import type { DecoderConfig } from '../checkpoint/config.js';
import type { Head } from '../checkpoint/merge.js';
import type { TensorSource } from '../checkpoint/tensors.js';
import { Graph } from './graph.js';
import { labelHead, type Readout, rowsRead } from './heads.js';
import { decoder, rmsNorm } from './llama.js';
import { float32, type Precision } from './precision.js';
import { Weights } from './weights.js';

/** Every precision that can be written, by its name in manifests and on the command line. */
export const PRECISIONS: Record<'float32', Precision> = { float32 };
export type { Readout };
export type PrecisionName = keyof typeof PRECISIONS;

export interface GraphOptions {
  readonly readout: Readout;
  readonly precision: PrecisionName;
  /** The first layer without the causal mask; the number of layers for none. */
  readonly bidirectionalFrom: number;
  readonly maxLength: number;
  readonly producerVersion: string;
  /** Called with the float32 bytes of each weight as it is written. */
  readonly onBytes: (bytes: number) => void;
}

/** Writes model.onnx and its data file into `folder`. Throws UserError where a weight is missing or misshapen. */
export function writeGraph(
  folder: string,
  source: TensorSource,
  config: DecoderConfig,
  head: Head,
  options: GraphOptions,
): void {
  const precision = PRECISIONS[options.precision];
  const weights = new Weights(source, options.onBytes);
  const graph = new Graph(join(folder, 'model.onnx'));
  try {
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
    labelHead(graph, weights, precision, head, normed, batch.lengths, options.readout);
    graph.finish(options.producerVersion);
  } finally {
    graph.close();
  }
}
