// Writes a merged checkpoint as model.onnx. Other rooms write whole models through this file.

import { join } from 'node:path';
import type { Merged } from '../checkpoint/merge.js';
import { MODEL_FILE } from '../onnx/contract.js';
import { decoder } from './decoder.js';
import { Graph } from './graph.js';
import { labelHead, type Readout, rowReader } from './heads.js';
import { batchInput, batchInputs } from './inputs.js';
import { type Int8Choice, int8 } from './int8.js';
import { norm } from './norm.js';
import { keepsPast } from './past.js';
import { float16, float32, type Precision } from './precision.js';
import type { PrecisionName } from './precisionNames.js';
import { Weights } from './weights.js';

export type { Int8Choice, Readout };

/** Makes the precision of each name. */
const MAKE_PRECISION: Record<
  PrecisionName,
  (graph: Graph, weights: Weights, choices: ReadonlyMap<string, Int8Choice>) => Precision
> = { float32, float16, int8 };

export interface GraphOptions {
  readonly readout: Readout;
  readonly precision: PrecisionName;
  /** How each linear layer is quantised at int8, by the layer's name. */
  readonly choices: ReadonlyMap<string, Int8Choice>;
  /** The first layer without the causal mask; the number of layers where every layer has it. */
  readonly bidirectionalFrom: number;
  /** Tokens of the longest sequence. */
  readonly maxLength: number;
  readonly producerVersion: string;
  /** Called with the bytes of weights written so far, and with their total. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Writes model.onnx and its data file into `folder`. Throws UserError where a weight is missing or of another shape. */
export async function writeGraph(
  folder: string,
  { decoder: config, weights: source, head }: Merged,
  options: GraphOptions,
): Promise<void> {
  const weights = new Weights(source);
  const graph = new Graph(join(folder, MODEL_FILE));
  const ids = batchInput(graph, 'input_ids');
  const batch = batchInputs(graph);
  const precision = MAKE_PRECISION[options.precision](graph, weights, options.choices);
  const read = rowReader(graph, options.readout);
  const decoderOptions = {
    ...options,
    keepsPast: keepsPast(config, options, options.readout, options.precision),
  };
  const context = { graph, weights, precision, config, batch, options: decoderOptions };
  const hidden = decoder(context, ids, read);
  labelHead(context, head, norm(context, hidden, 'norm'), options.readout);
  let done = 0;
  await graph.finish(options.producerVersion, bytes => {
    done += bytes;
    options.onProgress(done, graph.weightBytes);
  });
}
