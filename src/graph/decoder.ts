// A decoder over packed rows: every token of a batch is one row of [tokens, hidden], without padding. Only attention
// sees a grid [batch, length]. Architecture: LLaMA, https://arxiv.org/abs/2302.13971, with the changes of its
// successors that the config names.

import type { DecoderConfig } from '../checkpoint/config.js';
import { feedForwardNorm, linearLayers } from '../checkpoint/layers.js';
import { activate } from './activation.js';
import { attention } from './attention.js';
import type { GraphContext } from './context.js';
import { multiply, type Value } from './graph.js';
import { rmsNorm } from './norm.js';
import { applyScale, type ScaledRows } from './precision.js';
import type { Weights } from './weights.js';

/**
 * Computes hidden states [reads, hidden] from ids [tokens], before the last norm and only for the rows that `read` picks.
 * Throws UserError where the checkpoint lacks a weight or has it in another shape.
 */
export function decoder(context: GraphContext, ids: Value, read: PickRows): Value {
  const { graph, weights, precision, config } = context;
  expectWeights(weights, config);
  const runLayer = decoderLayer(context);
  let hidden = precision.embedding(ids, 'embed_tokens');
  if (config.embeddingScale !== 1) hidden = multiply(graph, hidden, config.embeddingScale);
  for (let layer = 0; layer < config.layers - 1; layer++) hidden = runLayer(layer, hidden);
  return runLayer(config.layers - 1, hidden, read);
}

/** Picks the rows of [tokens, width] that the label head reads. */
export type PickRows = (x: Value) => Value;

/**
 * Computes a layer's output from its input, both [tokens, hidden]. After attention only the rows that `read` picks are
 * computed; it is given for the last layer, of which the head needs no other rows.
 */
export type DecoderLayer = (layer: number, hidden: Value, read?: PickRows) => Value;

/** Returns the function that adds one layer after another to the graph. */
export function decoderLayer(context: GraphContext): DecoderLayer {
  const { graph, precision, config } = context;
  const attend = attention(context);
  const norm = (x: Value, module: string) => rmsNorm(context, x, module);
  const linear = (x: ScaledRows, at: string, ...names: string[]) =>
    precision.linear(
      x,
      names.map(name => `${at}.${name}`),
    );

  return (layer, hidden, read = x => x) => {
    const at = `layers.${layer}`;
    return feedForwardBlock(at, attentionBlock(layer, at, hidden, read));
  };

  function attentionBlock(layer: number, at: string, hidden: Value, read: PickRows): Value {
    const normed = precision.enter(norm(hidden, `${at}.input_layernorm`));
    const [q, k, v] = linear({ values: normed }, `${at}.self_attn`, 'q_proj', 'k_proj', 'v_proj');
    const attended = attend(
      layer,
      `${at}.self_attn`,
      headNorm(q!, `${at}.self_attn.q_norm`),
      headNorm(k!, `${at}.self_attn.k_norm`),
      applyScale(graph, v!),
    );
    const [output] = linear({ values: read(attended) }, `${at}.self_attn`, 'o_proj');
    return add(`${at}.self_attn`, read(hidden), output!, `${at}.post_attention_layernorm`);
  }

  function feedForwardBlock(at: string, hidden: Value): Value {
    const normed = precision.enter(norm(hidden, `${at}.${feedForwardNorm(config)}`));
    const [gate, up] = linear({ values: normed }, `${at}.mlp`, 'gate_proj', 'up_proj');
    const active = activate(graph, config.activation, applyScale(graph, gate!));
    const gated = { ...up, values: graph.node(`${at}.mlp.gated`, 'Mul', [active, up!.values]) };
    const [output] = linear(gated, `${at}.mlp`, 'down_proj');
    return add(`${at}.mlp`, hidden, output!, `${at}.post_feedforward_layernorm`);
  }

  /** The residual connection. Some families norm a block's output before they add it. */
  function add(at: string, hidden: Value, output: ScaledRows, postNorm: string): Value {
    const rows = precision.leave(applyScale(graph, output));
    const added = config.postNorms ? norm(rows, postNorm) : rows;
    return graph.node(`${at}.residual`, 'Add', [hidden, added]);
  }

  /** Norms each head of [tokens, heads * headDim] on its own, in families that do so. */
  function headNorm(x: ScaledRows, module: string): ScaledRows {
    if (!config.queryKeyNorms) return x;
    const heads = graph.constant(`${module}.heads`, [3], BigInt64Array.of(0n, -1n, BigInt(config.headDim)));
    const split = graph.node(`${module}.split`, 'Reshape', [precision.leave(applyScale(graph, x)), heads]);
    const rows = graph.constant(`${module}.rows`, [2], BigInt64Array.of(0n, -1n));
    return {
      values: precision.enter(graph.node(`${module}.joined`, 'Reshape', [norm(split, module), rows])),
    };
  }
}

/** Throws UserError where the checkpoint lacks a weight or has it in another shape. */
export function expectWeights(weights: Weights, config: DecoderConfig): void {
  const { hiddenSize, headDim } = config;
  const linears = linearLayers(config);
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
    for (const { name, outputs, inputs, hasBias } of linears) {
      weights.expect(`${at}.${name}.weight`, [outputs, inputs]);
      if (hasBias || weights.has(`${at}.${name}.bias`)) weights.expect(`${at}.${name}.bias`, [outputs]);
    }
  }
}
