// The configuration of a decoder, read from a base's config.json or GGUF metadata. The graph is built from it.

import type { Rotary } from './rotary.js';

/** The function between the two matrices of an MLP. `gelu` is the exact one (erf). */
export type Activation = 'silu' | 'gelu' | 'gelu_tanh' | 'relu';

/** A decoder like LLaMA's: norms, grouped-query attention with rotary positions, and a gated MLP. */
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
  /** `rms` divides by the root mean square; `layer` subtracts the mean and divides by the standard deviation. */
  readonly norm: 'rms' | 'layer';
  /** Whether every norm adds a bias. */
  readonly normBias: boolean;
  readonly normEpsilon: number;
  /** Added to the weight of every norm. It is 1 for Gemma, which stores a norm's weight as its difference from 1. */
  readonly normOffset: 0 | 1;
  /** Whether the MLP reads what attention reads, a layer's normed input, instead of the sum of input and attention. */
  readonly parallelBlocks: boolean;
  /** Whether attention and MLP read the residual stream normed. Those of OLMo 2 read it as it is. */
  readonly preNorms: boolean;
  /** Whether the outputs of attention and MLP are normed before they join that stream (Gemma 2 and 3, OLMo 2). */
  readonly postNorms: boolean;
  /**
   * How queries and keys are normed before they are rotated: each head on its own (Qwen3, Gemma 3), or all heads of a
   * token together (OLMo 2).
   */
  readonly queryKeyNorms: 'none' | 'each head' | 'all heads';
  /** Embeddings are multiplied by it. */
  readonly embeddingScale: number;
  /** The output of attention and that of the MLP are multiplied by it before they are added to the residual stream. */
  readonly residualScale: number;
  /** Attention scores are multiplied by it before the softmax. */
  readonly attentionScale: number;
  /** Where it is set, scores become cap * tanh(score / cap). */
  readonly attentionSoftCap: number | undefined;
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** Rotary positions of each layer; undefined for a layer that does not rotate queries and keys. */
  readonly rotaries: readonly (Rotary | undefined)[];
  /** The number of tokens that each layer's causal attention sees, its own token included; undefined for all tokens. */
  readonly windows: readonly (number | undefined)[];
}
