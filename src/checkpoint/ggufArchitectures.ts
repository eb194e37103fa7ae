// What GGUF calls the modules of each architecture, and what an architecture's config has beyond the common fields.
// One architecture is one entry in a table. Tensors, as llama.cpp's convert_hf_to_gguf.py writes them.

import type { JsonObject } from './files.js';
import { badKey, type GgufKeys, type Metadata } from './ggufKeys.js';

type Names = ReadonlyMap<string, string>;

export interface Architecture {
  /** What Hugging Face calls it: `model_type`. */
  readonly modelType: string;
  /** Hugging Face module by GGUF module, within one layer: `blk.N.` there, `model.layers.N.` here. */
  readonly layerModules: Names;
  /** Modules whose rows llama.cpp stores with rotary halves interleaved, and the key that counts their heads. */
  readonly interleaved?: ReadonlyMap<string, 'head_count' | 'head_count_kv'>;
  /** What llama.cpp adds to the weights of norms. */
  readonly normOffset?: number;
  /** Kinds of scaled rotary positions: `rope.scaling.type`, or the tensors that hold their factors. */
  readonly scalings: readonly ('linear' | 'yarn' | 'freqs' | 'longrope')[];
  /** Keys that only some architectures have, and the config fields that come of them. */
  readonly ownKeys?: readonly string[];
  readonly ownFields?: (keys: GgufKeys, headDim: number) => JsonObject;
}

/** Outside the layers, the same in all. */
export const MODULES: Names = new Map([
  ['token_embd', 'model.embed_tokens'],
  ['output_norm', 'model.norm'],
  ['output', 'lm_head'],
]);

const ATTENTION: Names = new Map([
  ['attn_norm', 'input_layernorm'],
  ['attn_q', 'self_attn.q_proj'],
  ['attn_k', 'self_attn.k_proj'],
  ['attn_v', 'self_attn.v_proj'],
  ['attn_output', 'self_attn.o_proj'],
]);

const MLP: Names = new Map([
  ['ffn_norm', 'post_attention_layernorm'],
  ['ffn_gate', 'mlp.gate_proj'],
  ['ffn_up', 'mlp.up_proj'],
  ['ffn_down', 'mlp.down_proj'],
]);

const HEAD_NORMS: Names = new Map([
  ['attn_q_norm', 'self_attn.q_norm'],
  ['attn_k_norm', 'self_attn.k_norm'],
]);

const FOUR_NORMS: Names = new Map([
  ['post_attention_norm', 'post_attention_layernorm'],
  ['ffn_norm', 'pre_feedforward_layernorm'],
  ['post_ffw_norm', 'post_feedforward_layernorm'],
]);

const FUSED: Names = new Map([
  ['attn_norm', 'input_layernorm'],
  ['attn_qkv', 'self_attn.qkv_proj'],
  ['attn_output', 'self_attn.o_proj'],
  ['ffn_norm', 'post_attention_layernorm'],
  ['ffn_up', 'mlp.gate_up_proj'],
  ['ffn_down', 'mlp.down_proj'],
]);

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map<string, Architecture>([
  [
    'llama', // Mistral too
    {
      modelType: 'llama',
      layerModules: new Map([...ATTENTION, ...MLP]),
      interleaved: new Map([
        ['attn_q', 'head_count'],
        ['attn_k', 'head_count_kv'],
      ]),
      scalings: ['linear', 'yarn', 'freqs'],
    },
  ],
  [
    'qwen2',
    { modelType: 'qwen2', layerModules: new Map([...ATTENTION, ...MLP]), scalings: ['linear', 'yarn'] },
  ],
  [
    'qwen3',
    {
      modelType: 'qwen3',
      layerModules: new Map([...ATTENTION, ...HEAD_NORMS, ...MLP]),
      scalings: ['linear', 'yarn'],
    },
  ],
  [
    'phi3',
    {
      modelType: 'phi3',
      layerModules: FUSED,
      scalings: ['longrope'],
      ownKeys: ['rope.dimension_count', 'attention.sliding_window'],
      ownFields: (keys, headDim) => ({
        partial_rotary_factor: keys.number('rope.dimension_count', headDim) / headDim,
        // written as 0 where there is none
        sliding_window: keys.number('attention.sliding_window', 0) || null,
        original_max_position_embeddings: keys.number('rope.scaling.original_context_length'),
      }),
    },
  ],
  [
    'gemma',
    {
      modelType: 'gemma',
      layerModules: new Map([...ATTENTION, ...MLP]),
      normOffset: 1,
      scalings: [],
    },
  ],
  [
    'gemma2',
    {
      modelType: 'gemma2',
      layerModules: new Map([...ATTENTION, ...MLP, ...FOUR_NORMS]),
      normOffset: 1,
      scalings: [],
      ownKeys: ['attention.sliding_window', 'attn_logit_softcapping'],
      ownFields: (keys, headDim) => ({
        sliding_window: keys.number('attention.sliding_window', 4096),
        attn_logit_softcapping: keys.number('attn_logit_softcapping', 50),
        query_pre_attn_scalar: queryScalar(keys, headDim, 46),
      }),
    },
  ],
  [
    'gemma3',
    {
      modelType: 'gemma3_text',
      layerModules: new Map([...ATTENTION, ...HEAD_NORMS, ...MLP, ...FOUR_NORMS]),
      normOffset: 1,
      scalings: ['linear'],
      ownKeys: ['attention.sliding_window', 'attention.sliding_window_pattern', 'rope.freq_base_swa'],
      ownFields: (keys, headDim) => ({
        rope_theta: keys.number('rope.freq_base'),
        rope_local_base_freq: keys.number('rope.freq_base_swa', 10_000),
        sliding_window: keys.number('attention.sliding_window'),
        query_pre_attn_scalar: queryScalar(keys, headDim, 62),
        ...slidingLayers(keys),
      }),
    },
  ],
]);

/** No key tells it: llama.cpp goes by the number of layers, of which the model of 27 billion parameters alone has so many. */
function queryScalar(keys: GgufKeys, headDim: number, layersOf27B: number): number {
  if (keys.number('block_count') !== layersOf27B) return headDim;
  return keys.number('embedding_length') / keys.headCount('head_count');
}

/** A flag for each layer, or the number of layers of which the last sees all. */
function slidingLayers(keys: GgufKeys): JsonObject {
  const pattern = keys.value('attention.sliding_window_pattern');
  if (!ArrayBuffer.isView(pattern)) {
    return { sliding_window_pattern: keys.number('attention.sliding_window_pattern', 6) };
  }
  const types = Array.from(pattern as Uint8Array, slides => (slides ? 'sliding' : 'full'));
  return { layer_types: types.map(type => `${type}_attention`) };
}

/** Throws UserError where the architecture is not one of those above. */
export function architectureOf(metadata: Metadata): Architecture & { name: string } {
  const name = metadata.get('general.architecture');
  const architecture = typeof name === 'string' ? ARCHITECTURES.get(name) : undefined;
  if (typeof name !== 'string' || !architecture) {
    throw badKey('general.architecture', `one of ${[...ARCHITECTURES.keys()].join(', ')}`, name);
  }
  return { ...architecture, name };
}
