// A decoder over packed rows: every token of a batch is one row of [tokens, hidden], without padding. Only attention
// sees a grid [batch, length]. Architecture: LLaMA, https://arxiv.org/abs/2302.13971, with the changes of its
// successors that the config names.

import type { DecoderConfig } from '../checkpoint/config.js';
import { blockNorms, linearLayers } from '../checkpoint/layers.js';
import { activate } from './activation.js';
import { attention } from './attention.js';
import type { GraphContext } from './context.js';
import { multiply, type Value } from './graph.js';
import { norm } from './norm.js';
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

const QUERY_KEY_VALUE = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'];
const GATE_UP = ['mlp.gate_proj', 'mlp.up_proj'];

/** Returns the function that adds one layer after another to the graph. */
export function decoderLayer(context: GraphContext): DecoderLayer {
  const { graph, precision, config } = context;
  const attend = attention(context);
  const norms = blockNorms(config);
  const normWhere = (x: Value, at: string, name: string | undefined) =>
    name === undefined ? x : norm(context, x, `${at}.${name}`);
  const linear = (x: ScaledRows, at: string, names: readonly string[]) =>
    precision.linear(
      x,
      names.map(name => `${at}.${name}`),
    );

  return (layer, hidden, read = x => x) => {
    const at = `layers.${layer}`;
    // Linear layers that read the same values are asked for together. Where the blocks are parallel, the MLP reads what
    // attention reads, and not the sum of the layer's input and attention's output.
    const projections = config.parallelBlocks ? [...QUERY_KEY_VALUE, ...GATE_UP] : QUERY_KEY_VALUE;
    const [q, k, v, ...gateUp] = linear(blockInput(hidden, at, norms.attention.before), at, projections);
    const attended = attentionOutput(layer, at, [q!, k!, v!], read);
    const between = add(at, 'self_attn', read(hidden), attended, norms.attention.after);
    const fed = config.parallelBlocks
      ? feedForwardOutput(at, gateUp, read)
      : feedForwardOutput(at, linear(blockInput(between, at, norms.feedForward.before), at, GATE_UP));
    return add(at, 'mlp', between, fed, norms.feedForward.after);
  };

  /** What a block of the layer `at` reads of the residual stream, in the type that linear layers take. */
  function blockInput(x: Value, at: string, preNorm: string | undefined): ScaledRows {
    return { values: precision.enter(normWhere(x, at, preNorm)) };
  }

  function attentionOutput(
    layer: number,
    at: string,
    [q, k, v]: readonly [ScaledRows, ScaledRows, ScaledRows],
    read: PickRows,
  ): ScaledRows {
    const attended = attend(
      layer,
      `${at}.self_attn`,
      queryKeyNorm(q, `${at}.self_attn.q_norm`),
      queryKeyNorm(k, `${at}.self_attn.k_norm`),
      applyScale(graph, v),
    );
    const [output] = linear({ values: read(attended) }, at, ['self_attn.o_proj']);
    return output!;
  }

  /** The MLP after its first linear layers. `read` picks the rows where those were computed for every token. */
  function feedForwardOutput(
    at: string,
    [gate, up]: readonly ScaledRows[],
    read: PickRows = x => x,
  ): ScaledRows {
    const active = activate(graph, config.activation, applyScale(graph, gate!));
    const gated = graph.node(`${at}.mlp.gated`, 'Mul', [active, up!.values]);
    const rows = { values: read(gated), ...(up!.scale !== undefined && { scale: read(up!.scale) }) };
    const [output] = linear(rows, at, ['mlp.down_proj']);
    return output!;
  }

  /** The true values of a block's output, in the type of the residual stream. */
  function leave(output: ScaledRows): Value {
    return precision.leave(applyScale(graph, output));
  }

  /** The residual connection around a block of the layer `at`. */
  function add(
    at: string,
    block: string,
    hidden: Value,
    output: ScaledRows,
    postNorm: string | undefined,
  ): Value {
    const normed = normWhere(leave(output), at, postNorm);
    const added = config.residualScale === 1 ? normed : multiply(graph, normed, config.residualScale);
    return graph.node(`${at}.${block}.residual`, 'Add', [hidden, added]);
  }

  /** Norms queries or keys [tokens, heads * headDim], in families that do so. */
  function queryKeyNorm(x: ScaledRows, module: string): ScaledRows {
    switch (config.queryKeyNorms) {
      case 'none':
        return x;
      case 'each head':
        return { values: precision.enter(normEachHead(leave(x), module)) };
      case 'all heads':
        return { values: precision.enter(norm(context, leave(x), module)) };
    }
  }

  /** Norms each head of [tokens, heads * headDim] on its own. */
  function normEachHead(x: Value, module: string): Value {
    const heads = graph.constant(`${module}.heads`, [3], BigInt64Array.of(0n, -1n, BigInt(config.headDim)));
    const split = graph.node(`${module}.split`, 'Reshape', [x, heads]);
    const rows = graph.constant(`${module}.rows`, [2], BigInt64Array.of(0n, -1n));
    return graph.node(`${module}.joined`, 'Reshape', [norm(context, split, module), rows]);
  }
}

/** Throws UserError where the checkpoint lacks a weight or has it in another shape. */
export function expectWeights(weights: Weights, config: DecoderConfig): void {
  const { hiddenSize } = config;
  const linears = linearLayers(config);
  const { attention, feedForward } = blockNorms(config);
  const norms = [attention.before, attention.after, feedForward.before, feedForward.after];
  weights.expect('embed_tokens.weight', [config.vocabSize, hiddenSize]);
  const expectNorm = (module: string) => {
    weights.expect(`${module}.weight`, [hiddenSize]);
    if (config.normBias) weights.expect(`${module}.bias`, [hiddenSize]);
  };
  expectNorm('norm');
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `layers.${layer}`;
    for (const norm of norms) if (norm) expectNorm(`${at}.${norm}`);
    if (config.queryKeyNorms !== 'none') {
      const width = (heads: number) => config.headDim * (config.queryKeyNorms === 'all heads' ? heads : 1);
      weights.expect(`${at}.self_attn.q_norm.weight`, [width(config.heads)]);
      weights.expect(`${at}.self_attn.k_norm.weight`, [width(config.kvHeads)]);
    }
    for (const { name, outputs, inputs, hasBias } of linears) {
      weights.expect(`${at}.${name}.weight`, [outputs, inputs]);
      if (hasBias || weights.has(`${at}.${name}.bias`)) weights.expect(`${at}.${name}.bias`, [outputs]);
    }
  }
}
