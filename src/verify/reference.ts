// A plain forward pass, computed step by step from the checkpoint. Exports are compared with it. It shares no code with
// the graph, so that a mistake in either shows as a difference between them.
// LLaMA: https://arxiv.org/abs/2302.13971, with the changes of its successors that the config names.

import type { Merged } from '../checkpoint/merge.js';
import type { TensorSource } from '../checkpoint/tensors.js';
import type { Sequence } from '../engine/sequence.js';
import { multiply } from './multiply.js';
import { activate, add, attend, layerNorm, type Rows, rmsNorm, rotate } from './steps.js';

export interface ReferenceOptions {
  /** The first layer without the causal mask; the number of layers where every layer has it. */
  readonly bidirectionalFrom: number;
  /** `rows` for the logits at a sequence's headPositions; `mean` or `max` for the logits of all its tokens, pooled. */
  readonly readout: 'rows' | 'mean' | 'max';
  /** How many of the first layers are run; all by default. */
  readonly layers?: number;
}

/**
 * Computes the logits of each sequence alone, row after row: headPositions.length * labels, or labels where they are
 * pooled. Every weight is read once, a piece at a time.
 */
export async function referenceLogits(
  { decoder: config, weights, head }: Merged,
  { bidirectionalFrom, readout, layers = config.layers }: ReferenceOptions,
  sequences: readonly Sequence[],
): Promise<Float32Array[]> {
  const lengths = sequences.map(({ ids }) => ids.length);
  const ids = sequences.flatMap(({ ids }) => [...ids]);
  let hidden = await embeddings(weights, ids, config.embeddingScale);
  for (let layer = 0; layer < layers; layer++) {
    hidden = await runLayer(layer, `layers.${layer}`, hidden);
  }
  const logits = await multiply(weights, await norm(hidden, 'norm'), head.weight, head.bias);
  return bySequence(logits, lengths).map((rows, i) =>
    readout === 'rows'
      ? joined([...sequences[i]!.headPositions].map(position => rows[position]!))
      : pooled(rows, readout),
  );

  async function runLayer(layer: number, at: string, hidden: Rows): Promise<Rows> {
    const normed = await preNorm(hidden, `${at}.input_layernorm`);
    const attended = await attention(layer, `${at}.self_attn`, normed);
    const between = await addBlock(hidden, attended, `${at}.post_attention_layernorm`);
    const before = config.postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
    const mlpInput = config.parallelBlocks ? normed : await preNorm(between, `${at}.${before}`);
    const fed = await feedForward(`${at}.mlp`, mlpInput);
    return addBlock(between, fed, `${at}.post_feedforward_layernorm`);
  }

  async function attention(layer: number, at: string, normed: Rows): Promise<Rows> {
    const q = await headNorm(await linear(normed, `${at}.q_proj`), `${at}.q_norm`);
    const k = await headNorm(await linear(normed, `${at}.k_proj`), `${at}.k_norm`);
    const v = await linear(normed, `${at}.v_proj`);
    const [qs, ks, vs] = [q, k, v].map(rows => bySequence(rows, lengths)) as [Rows[], Rows[], Rows[]];
    const rotary = config.rotaries[layer];
    const isCausal = layer < bidirectionalFrom;
    const window = isCausal ? config.windows[layer] : undefined;
    const attended = lengths.flatMap((_, i) => {
      const rotated = [qs[i]!, ks[i]!].map(rows => (rotary ? rotate(rows, rotary, config.headDim) : rows));
      return attend(config, rotated[0]!, rotated[1]!, vs[i]!, isCausal, window);
    });
    return linear(attended, `${at}.o_proj`);
  }

  async function feedForward(at: string, normed: Rows): Promise<Rows> {
    const gate = await linear(normed, `${at}.gate_proj`);
    const up = await linear(normed, `${at}.up_proj`);
    const gated = gate.map((row, t) => row.map((x, i) => activate(config.activation, x) * up[t]![i]!));
    return linear(gated, `${at}.down_proj`);
  }

  async function addBlock(hidden: Rows, output: Rows, postNorm: string): Promise<Rows> {
    const normed = config.postNorms ? await norm(output, postNorm) : output;
    return add(hidden, normed, config.residualScale);
  }

  /** x times the module's weight, plus its bias where the checkpoint has one. */
  function linear(x: Rows, module: string): Promise<Rows> {
    const bias = `${module}.bias`;
    return multiply(weights, x, `${module}.weight`, weights.tensors.has(bias) ? bias : undefined);
  }

  async function norm(x: Rows, module: string): Promise<Rows> {
    const weight = await weights.read(`${module}.weight`);
    if (config.norm === 'rms') return rmsNorm(x, weight, config.normOffset, config.normEpsilon);
    const bias = config.normBias ? await weights.read(`${module}.bias`) : undefined;
    return layerNorm(x, weight, bias, config.normEpsilon);
  }

  /** What attention or the MLP reads of the residual stream. */
  async function preNorm(x: Rows, module: string): Promise<Rows> {
    return config.preNorms ? norm(x, module) : x;
  }

  /** The weight is as wide as what is normed together: one head, or all of them. */
  async function headNorm(x: Rows, module: string): Promise<Rows> {
    return config.queryKeyNorms === 'none' ? x : norm(x, module);
  }
}

/** Reads only the rows of the embedding table that the ids name. */
async function embeddings(weights: TensorSource, ids: readonly number[], scale: number): Promise<Rows> {
  const rows: Float32Array[] = [];
  for (const id of ids) {
    const row = await weights.read('embed_tokens.weight', id, id + 1);
    rows.push(row.map(value => value * scale));
  }
  return rows;
}

function bySequence(rows: Rows, lengths: readonly number[]): Rows[] {
  let start = 0;
  return lengths.map(length => {
    start += length;
    return rows.slice(start - length, start);
  });
}

function joined(rows: Rows): Float32Array {
  return Float32Array.from(rows.flatMap(row => [...row]));
}

/** The mean or the maximum of each label's logits: [labels]. */
function pooled(rows: Rows, readout: 'mean' | 'max'): Float32Array {
  return rows[0]!.map((_, label) => {
    const values = rows.map(row => row[label]!);
    if (readout === 'max') return Math.max(...values);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}
