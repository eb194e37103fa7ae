// What the graph computes of a decoder, in numbers: what a base's config.json comes to.

import type { Rotary } from './rotary.js';

/** What stands between the two matrices of an MLP. gelu is the exact one (erf). */
export type Activation = 'silu' | 'gelu' | 'gelu_tanh' | 'relu';

/** A decoder of RMSNorms, grouped-query attention with rotary positions and a gated MLP: LLaMA and what came of it. */
export interface DecoderConfig {
  readonly family: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Width of one attention head: queries are heads * headDim wide. */
  readonly headDim: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
  /** Added to the weight of every norm: Gemma stores what differs from 1. */
  readonly normOffset: 0 | 1;
  /** Whether attention and MLP are each followed by a norm as well (Gemma 2 and 3). */
  readonly postNorms: boolean;
  /** Whether each head's queries and keys are normed before they are rotated (Qwen3, Gemma 3). */
  readonly queryKeyNorms: boolean;
  /** What embeddings are multiplied by. */
  readonly embeddingScale: number;
  /** What attention scores are multiplied by. */
  readonly attentionScale: number;
  /** Scores become cap * tanh(score / cap). */
  readonly attentionSoftCap: number | undefined;
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** Rotary positions of each layer. */
  readonly rotaries: readonly Rotary[];
  /** How many tokens each layer's causal attention sees, its own among them; undefined for all. */
  readonly windows: readonly (number | undefined)[];
}
