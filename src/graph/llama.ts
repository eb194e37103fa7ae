// The LLaMA decoder over packed rows: every token of a batch is one row [tokens, hidden], with no padding.
// Attention alone sees a grid [batch, length]. Architecture: https://arxiv.org/abs/2302.13971

import type { DecoderConfig } from '../checkpoint/config.js';
import type { Graph, Value } from './graph.js';
import type { Precision } from './precision.js';
import type { Weights } from './weights.js';

/** What a batch brings besides its ids. All int64; names as in the graph's inputs. */
export interface BatchInputs {
  /** Token ids, sequence after sequence: [tokens]. */
  readonly ids: Value;
  /** Each row's position in its own sequence: [tokens]. */
  readonly positions: Value;
  /** The row in each slot of the grid; padding slots hold any row: [batch, length]. */
  readonly gridRows: Value;
  /** The slot, counted through the flattened grid, of each row: [tokens]. */
  readonly rowSlots: Value;
  /** Tokens of each sequence: [batch]. */
  readonly lengths: Value;
}

export interface DecoderOptions {
  /** The first layer without the causal mask; `layers` for none. */
  readonly bidirectionalFrom: number;
  /** The longest sequence: how far the rotary tables reach. */
  readonly maxLength: number;
}

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
  const rotary = rotaryTables(graph, config, batch.positions, options.maxLength);
  /** Flattens the grid: [batch, length, heads * headDim] to [batch * length, heads * headDim]. */
  const slotsShape = graph.constant(
    'slots_shape',
    [2],
    BigInt64Array.of(-1n, BigInt(config.heads * config.headDim)),
  );
  let hidden = precision.embedding(graph, weights, batch.ids, 'embed_tokens');
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `layers.${layer}`;
    const causal = layer < options.bidirectionalFrom;
    hidden = attentionBlock(at, hidden, causal);
    hidden = feedForwardBlock(at, hidden);
  }
  return hidden;

  function attentionBlock(at: string, hidden: Value, causal: boolean): Value {
    const normed = rmsNorm(graph, weights, config, hidden, `${at}.input_layernorm`);
    const q = rotate(precision.linear(graph, weights, normed, `${at}.self_attn.q_proj`), config.heads);
    const k = rotate(precision.linear(graph, weights, normed, `${at}.self_attn.k_proj`), config.kvHeads);
    const v = precision.linear(graph, weights, normed, `${at}.self_attn.v_proj`);
    const attended = attend(`${at}.self_attn`, q, k, v, causal);
    const output = precision.linear(graph, weights, attended, `${at}.self_attn.o_proj`);
    return graph.node(`${at}.self_attn.residual`, 'Add', [hidden, output]);
  }

  function feedForwardBlock(at: string, hidden: Value): Value {
    const normed = rmsNorm(graph, weights, config, hidden, `${at}.post_attention_layernorm`);
    const gate = precision.linear(graph, weights, normed, `${at}.mlp.gate_proj`);
    const up = precision.linear(graph, weights, normed, `${at}.mlp.up_proj`);
    const sigmoid = graph.node(`${at}.mlp.sigmoid`, 'Sigmoid', [gate]);
    const silu = graph.node(`${at}.mlp.silu`, 'Mul', [gate, sigmoid]);
    const gated = graph.node(`${at}.mlp.gated`, 'Mul', [silu, up]);
    const output = precision.linear(graph, weights, gated, `${at}.mlp.down_proj`);
    return graph.node(`${at}.mlp.residual`, 'Add', [hidden, output]);
  }

  /** Rotates each row by its position: [tokens, heads * headDim] in and out. */
  function rotate(x: Value, heads: number): Value {
    // RotaryEmbedding takes [batch, length, width], no longer than its tables: each row stands as a sequence of one.
    const sequences = graph.node(`${x}.sequences`, 'Unsqueeze', [x, rotary.axis]);
    const rotated = graph.node(
      `${x}.rotated`,
      'RotaryEmbedding',
      [sequences, rotary.cos, rotary.sin, rotary.positions],
      {
        num_heads: heads,
      },
    );
    return graph.node(`${x}.rows`, 'Squeeze', [rotated, rotary.axis]);
  }

  /** Attention within each sequence: rows to the grid, and back: [tokens, heads * headDim]. */
  function attend(at: string, q: Value, k: Value, v: Value, causal: boolean): Value {
    const [gridQ, gridK, gridV] = [q, k, v].map(rows =>
      graph.node(`${rows}.grid`, 'Gather', [rows, batch.gridRows], { axis: 0 }),
    ) as [Value, Value, Value];
    const heads = { q_num_heads: config.heads, kv_num_heads: config.kvHeads };
    // Padding stands after a sequence's own tokens, so a causal mask hides it already.
    const attended = causal
      ? graph.node(`${at}.attention`, 'Attention', [gridQ, gridK, gridV], { ...heads, is_causal: 1 })
      : graph.node(`${at}.attention`, 'Attention', [gridQ, gridK, gridV, '', '', '', batch.lengths], heads);
    const slots = graph.node(`${at}.slots`, 'Reshape', [attended, slotsShape]);
    return graph.node(`${at}.rows`, 'Gather', [slots, batch.rowSlots], { axis: 0 });
  }
}

/** x * weight / rms(x) over the last axis: https://arxiv.org/abs/1910.07467 eq. 4. */
export function rmsNorm(
  graph: Graph,
  weights: Weights,
  config: DecoderConfig,
  x: Value,
  module: string,
): Value {
  return graph.node(module, 'RMSNormalization', [x, weights.write(graph, `${module}.weight`)], {
    axis: -1,
    epsilon: { float: config.normEpsilon },
  });
}

/** cos and sin of position / theta^(2i / headDim): [maxLength, headDim / 2], https://arxiv.org/abs/2104.09864. */
function rotaryTables(graph: Graph, config: DecoderConfig, positions: Value, maxLength: number) {
  const half = config.headDim / 2;
  const cos = new Float32Array(maxLength * half);
  const sin = new Float32Array(maxLength * half);
  for (let i = 0; i < half; i++) {
    // transformers computes frequency and angle in float32, and the angle's rounding shows at far positions
    const exponent = Math.fround((2 * i) / config.headDim);
    const frequency = Math.fround(1 / Math.fround(config.ropeTheta ** exponent));
    for (let position = 0; position < maxLength; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const axis = graph.constant('rotary.axis', [1], BigInt64Array.of(1n));
  return {
    axis,
    cos: graph.weight('rotary.cos', [maxLength, half], cos),
    sin: graph.weight('rotary.sin', [maxLength, half], sin),
    positions: graph.node('rotary.positions', 'Unsqueeze', [positions, axis]),
  };
}

function expectWeights(weights: Weights, config: DecoderConfig): void {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const linear: [string, number, number, boolean][] = [
    ['self_attn.q_proj', heads * headDim, hiddenSize, config.attentionBias],
    ['self_attn.k_proj', kvHeads * headDim, hiddenSize, config.attentionBias],
    ['self_attn.v_proj', kvHeads * headDim, hiddenSize, config.attentionBias],
    ['self_attn.o_proj', hiddenSize, heads * headDim, config.attentionBias],
    ['mlp.gate_proj', intermediateSize, hiddenSize, config.mlpBias],
    ['mlp.up_proj', intermediateSize, hiddenSize, config.mlpBias],
    ['mlp.down_proj', hiddenSize, intermediateSize, config.mlpBias],
  ];
  weights.expect('embed_tokens.weight', [config.vocabSize, hiddenSize]);
  weights.expect('norm.weight', [hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `layers.${layer}`;
    weights.expect(`${at}.input_layernorm.weight`, [hiddenSize]);
    weights.expect(`${at}.post_attention_layernorm.weight`, [hiddenSize]);
    for (const [module, out, width, bias] of linear) {
      weights.expect(`${at}.${module}.weight`, [out, width]);
      if (bias) weights.expect(`${at}.${module}.bias`, [out]);
    }
  }
}
