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
  /** The module of the same decoder layer that makes the channels of its input: a norm, or another linear layer. */
  readonly producer: string;
}

/** The linear layers of every decoder layer. */
export function linearLayers(config: DecoderConfig): LinearLayer[] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const { queryKeyValueBias, outputBias, mlpBias } = config;
  const layer = (
    name: string,
    outputs: number,
    inputs: number,
    hasBias: boolean,
    producer: string,
  ): LinearLayer => ({ name, outputs, inputs, hasBias, producer });
  return [
    layer('self_attn.q_proj', heads * headDim, hiddenSize, queryKeyValueBias, 'input_layernorm'),
    layer('self_attn.k_proj', kvHeads * headDim, hiddenSize, queryKeyValueBias, 'input_layernorm'),
    layer('self_attn.v_proj', kvHeads * headDim, hiddenSize, queryKeyValueBias, 'input_layernorm'),
    // Attention mixes tokens, not channels: the channels that o_proj reads are those of v_proj.
    layer('self_attn.o_proj', hiddenSize, heads * headDim, outputBias, 'self_attn.v_proj'),
    layer('mlp.gate_proj', intermediateSize, hiddenSize, mlpBias, feedForwardNorm(config)),
    layer('mlp.up_proj', intermediateSize, hiddenSize, mlpBias, feedForwardNorm(config)),
    // The activated gate multiplies each channel of up_proj.
    layer('mlp.down_proj', hiddenSize, intermediateSize, mlpBias, 'mlp.up_proj'),
  ];
}

/** The norm before the MLP. Families that also norm a block's output give the two norms other names. */
export function feedForwardNorm({ postNorms }: DecoderConfig): string {
  return postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
}

/** The full name of the module that makes the channels which a linear layer, given by its full name, reads. */
export function producerOf(module: string, config: DecoderConfig): string {
  const { layer, name } = splitLayer(module)!;
  return `layers.${layer}.${linearLayers(config).find(linear => linear.name === name)!.producer}`;
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
