// A decoder over packed rows: every token of a batch is one row [tokens, hidden], with no padding.
// Attention alone sees a grid [batch, length]. Architecture: LLaMA, https://arxiv.org/abs/2302.13971, and what its
// successors changed, as far as the config says so.

import type { DecoderConfig } from '../checkpoint/config.js';
import { activate } from './activation.js';
import { attention } from './attention.js';
import { type Graph, multiply, type Value } from './graph.js';
import type { BatchInputs, DecoderOptions } from './inputs.js';
import { rmsNorm } from './norm.js';
import type { Precision } from './precision.js';
import type { Weights } from './weights.js';

/** The hidden states before the last norm: [tokens, hidden]. Throws UserError where a weight does not fit. */
export function decoder(
  graph: Graph,
  weights: Weights,
  precision: Precision,
  config: DecoderConfig,
  batch: BatchInputs,
  options: DecoderOptions,
): Value {
  expectWeights(weights, config);
  const attend = attention(graph, precision, config, batch, options);
  const linear = (x: Value, module: string) => precision.linear(graph, weights, x, module);
  const norm = (x: Value, module: string) => rmsNorm(graph, weights, config, x, module);

  let hidden = precision.embedding(graph, weights, batch.ids, 'embed_tokens');
  if (config.embeddingScale !== 1) hidden = multiply(graph, hidden, config.embeddingScale);
  for (let layer = 0; layer < config.layers; layer++) {
    hidden = attentionBlock(layer, `layers.${layer}`, hidden);
    hidden = feedForwardBlock(`layers.${layer}`, hidden);
  }
  return hidden;

  function attentionBlock(layer: number, at: string, hidden: Value): Value {
    const normed = precision.enter(graph, norm(hidden, `${at}.input_layernorm`));
    const q = headNorm(linear(normed, `${at}.self_attn.q_proj`), `${at}.self_attn.q_norm`);
    const k = headNorm(linear(normed, `${at}.self_attn.k_proj`), `${at}.self_attn.k_norm`);
    const v = linear(normed, `${at}.self_attn.v_proj`);
    const attended = attend(layer, `${at}.self_attn`, q, k, v);
    const output = precision.leave(graph, linear(attended, `${at}.self_attn.o_proj`));
    return add(
      `${at}.self_attn`,
      hidden,
      config.postNorms ? norm(output, `${at}.post_attention_layernorm`) : output,
    );
  }

  function feedForwardBlock(at: string, hidden: Value): Value {
    const before = config.postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
    const normed = precision.enter(graph, norm(hidden, `${at}.${before}`));
    const gate = activate(graph, config.activation, linear(normed, `${at}.mlp.gate_proj`));
    const up = linear(normed, `${at}.mlp.up_proj`);
    const gated = graph.node(`${at}.mlp.gated`, 'Mul', [gate, up]);
    const output = precision.leave(graph, linear(gated, `${at}.mlp.down_proj`));
    return add(
      `${at}.mlp`,
      hidden,
      config.postNorms ? norm(output, `${at}.post_feedforward_layernorm`) : output,
    );
  }

  function add(at: string, hidden: Value, output: Value): Value {
    return graph.node(`${at}.residual`, 'Add', [hidden, output]);
  }

  /** Norms each head of [tokens, heads * headDim] by itself, where the family does. */
  function headNorm(x: Value, module: string): Value {
    if (!config.queryKeyNorms) return x;
    const heads = graph.constant(`${module}.heads`, [3], BigInt64Array.of(0n, -1n, BigInt(config.headDim)));
    const split = graph.node(`${module}.split`, 'Reshape', [precision.leave(graph, x), heads]);
    const rows = graph.constant(`${module}.rows`, [2], BigInt64Array.of(0n, -1n));
    return precision.enter(graph, graph.node(`${module}.joined`, 'Reshape', [norm(split, module), rows]));
  }
}

function expectWeights(weights: Weights, config: DecoderConfig): void {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const linear: [string, number, number, boolean][] = [
    ['self_attn.q_proj', heads * headDim, hiddenSize, config.queryKeyValueBias],
    ['self_attn.k_proj', kvHeads * headDim, hiddenSize, config.queryKeyValueBias],
    ['self_attn.v_proj', kvHeads * headDim, hiddenSize, config.queryKeyValueBias],
    ['self_attn.o_proj', hiddenSize, heads * headDim, config.outputBias],
    ['mlp.gate_proj', intermediateSize, hiddenSize, config.mlpBias],
    ['mlp.up_proj', intermediateSize, hiddenSize, config.mlpBias],
    ['mlp.down_proj', hiddenSize, intermediateSize, config.mlpBias],
  ];
  const norms = ['input_layernorm', 'post_attention_layernorm'];
  if (config.postNorms) norms.push('pre_feedforward_layernorm', 'post_feedforward_layernorm');
  weights.expect('embed_tokens.weight', [config.vocabSize, hiddenSize]);
  weights.expect('norm.weight', [hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `layers.${layer}`;
    for (const norm of norms) weights.expect(`${at}.${norm}.weight`, [hiddenSize]);
    for (const norm of config.queryKeyNorms ? ['q_norm', 'k_norm'] : []) {
      weights.expect(`${at}.self_attn.${norm}.weight`, [headDim]);
    }
    for (const [module, out, width, bias] of linear) {
      weights.expect(`${at}.${module}.weight`, [out, width]);
      if (bias || weights.has(`${at}.${module}.bias`)) weights.expect(`${at}.${module}.bias`, [out]);
    }
  }
}
