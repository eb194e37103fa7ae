// The context in which the blocks of a decoder are added to a graph.

import type { DecoderConfig } from '../checkpoint/config.js';
import type { Graph } from './graph.js';
import type { BatchInputs, DecoderOptions } from './inputs.js';
import type { Precision } from './precision.js';
import type { Weights } from './weights.js';

export interface GraphContext {
  readonly graph: Graph;
  readonly weights: Weights;
  readonly precision: Precision;
  readonly config: DecoderConfig;
  readonly batch: BatchInputs;
  readonly options: DecoderOptions;
}
