// How the modules of a decoder layer are named, how large their weights are, and which module reads which.
// Names are canonical: those of transformers without the leading `model.`, such as `layers.3.mlp.down_proj`.

import type { DecoderConfig } from './config.js';

/** A linear layer inside a decoder layer. Its weight is [outputs, inputs]. */
export interface LinearLayer {
  /** Its name inside the decoder layer: `self_attn.q_proj`. */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly hasBias: boolean;
  /**
   * The module of the same decoder layer that makes the channels of its input: a norm, or another linear layer.
   * undefined where it reads the residual stream, to which every layer adds.
   */
  readonly producer: string | undefined;
}

/** The linear layers of every decoder layer. */
export function linearLayers(config: DecoderConfig): LinearLayer[] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const { queryKeyValueBias, outputBias, mlpBias } = config;
  const { attention, feedForward } = blockNorms(config);
  const layer = (
    name: string,
    outputs: number,
    inputs: number,
    hasBias: boolean,
    producer: string | undefined,
  ): LinearLayer => ({ name, outputs, inputs, hasBias, producer });
  return [
    layer('self_attn.q_proj', heads * headDim, hiddenSize, queryKeyValueBias, attention.before),
    layer('self_attn.k_proj', kvHeads * headDim, hiddenSize, queryKeyValueBias, attention.before),
    layer('self_attn.v_proj', kvHeads * headDim, hiddenSize, queryKeyValueBias, attention.before),
    // Attention mixes tokens, not channels: the channels that o_proj reads are those of v_proj.
    layer('self_attn.o_proj', hiddenSize, heads * headDim, outputBias, 'self_attn.v_proj'),
    layer('mlp.gate_proj', intermediateSize, hiddenSize, mlpBias, feedForward.before),
    layer('mlp.up_proj', intermediateSize, hiddenSize, mlpBias, feedForward.before),
    // The activated gate multiplies each channel of up_proj.
    layer('mlp.down_proj', hiddenSize, intermediateSize, mlpBias, 'mlp.up_proj'),
  ];
}

/** The norms of the input and of the output of a block; undefined where the family has none. */
export interface BlockNorms {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The norms of the two blocks of a layer. Where outputs are normed as well, `post_attention_layernorm` is such a norm. */
export function blockNorms({ preNorms, postNorms, parallelBlocks }: DecoderConfig): {
  readonly attention: BlockNorms;
  readonly feedForward: BlockNorms;
} {
  const separateNorm = postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
  const beforeFeedForward = parallelBlocks ? 'input_layernorm' : separateNorm;
  return {
    attention: {
      before: preNorms ? 'input_layernorm' : undefined,
      after: postNorms ? 'post_attention_layernorm' : undefined,
    },
    feedForward: {
      before: preNorms ? beforeFeedForward : undefined,
      after: postNorms ? 'post_feedforward_layernorm' : undefined,
    },
  };
}

/**
 * The full name of the module that makes the channels which a linear layer, given by its full name, reads; undefined
 * where it reads the residual stream.
 */
export function producerOf(module: string, config: DecoderConfig): string | undefined {
  const { layer, name } = splitLayer(module)!;
  const { producer } = linearLayers(config).find(linear => linear.name === name)!;
  return producer && `layers.${layer}.${producer}`;
}

export function isNorm(module: string): boolean {
  return module.endsWith('norm');
}

/** The number of the decoder layer that a tensor or module belongs to; undefined for embeddings, last norm and head. */
export function layerOf(name: string): number | undefined {
  return splitLayer(name)?.layer;
}

/** `layers.3.mlp.up_proj` as layer 3 and `mlp.up_proj`. */
export function splitLayer(name: string): { readonly layer: number; readonly name: string } | undefined {
  const [, layer, rest] = /^layers\.(\d+)\.(.+)$/.exec(name) ?? [];
  return rest === undefined ? undefined : { layer: Number(layer), name: rest };
}
