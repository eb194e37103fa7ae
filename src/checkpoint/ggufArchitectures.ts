// The architectures of GGUF files, one entry each in a table: the names of their modules, and the config fields that
// they have beyond the shared ones. Names and keys are those that llama.cpp's convert_hf_to_gguf.py writes.

import type { JsonObject } from './files.js';
import { badKey, type GgufKeys, type Metadata } from './ggufKeys.js';

type Names = ReadonlyMap<string, string>;

export interface Architecture {
  /** The architecture's name in Hugging Face: `model_type`. */
  readonly modelType: string;
  /** Hugging Face module by GGUF module, within one layer: `blk.N.` in GGUF, `model.layers.N.` in Hugging Face. */
  readonly layerModules: Names;
  /** GGUF modules whose rows llama.cpp stores with rotary halves interleaved, and the key that counts their heads. */
  readonly interleaved?: ReadonlyMap<string, 'head_count' | 'head_count_kv'>;
  /** The number that llama.cpp adds to the weights of norms. */
  readonly normOffset?: number;
  /** The supported kinds of scaled rotary positions: values of `rope.scaling.type`, or tensors that hold factors. */
  readonly scalings: readonly ('linear' | 'yarn' | 'freqs' | 'longrope')[];
  /** Keys that this architecture reads beyond the shared ones, and the config fields that follow from them. */
  readonly extraKeys?: readonly string[];
  readonly extraFields?: (keys: GgufKeys, headDim: number) => JsonObject;
}

/** The modules outside the layers, which are the same in all architectures. */
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
    'llama', // Files of Mistral models name this architecture too.
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
      extraKeys: ['rope.dimension_count', 'attention.sliding_window'],
      extraFields: (keys, headDim) => ({
        partial_rotary_factor: keys.number('rope.dimension_count', headDim) / headDim,
        // The converter writes 0 where the model has no window.
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
      extraKeys: ['attention.sliding_window', 'attn_logit_softcapping'],
      extraFields: (keys, headDim) => ({
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
      extraKeys: ['attention.sliding_window', 'attention.sliding_window_pattern', 'rope.freq_base_swa'],
      extraFields: (keys, headDim) => ({
        rope_theta: keys.number('rope.freq_base'),
        rope_local_base_freq: keys.number('rope.freq_base_swa', 10_000),
        sliding_window: keys.number('attention.sliding_window'),
        query_pre_attn_scalar: queryScalar(keys, headDim, 62),
        ...slidingLayers(keys),
      }),
    },
  ],
]);

/**
 * query_pre_attn_scalar, for which GGUF has no key. Like llama.cpp, this recognises the model of 27 billion parameters,
 * the only one with another value than the head size, by its number of layers.
 */
function queryScalar(keys: GgufKeys, headDim: number, layersOf27B: number): number {
  if (keys.number('block_count') !== layersOf27B) return headDim;
  return keys.number('embedding_length') / keys.headCount('head_count');
}

/**
 * The value of attention.sliding_window_pattern is either a flag for each layer, or a number n: every n-th layer has
 * full attention, the others have windows.
 */
function slidingLayers(keys: GgufKeys): JsonObject {
  const pattern = keys.value('attention.sliding_window_pattern');
  if (!ArrayBuffer.isView(pattern)) {
    return { sliding_window_pattern: keys.number('attention.sliding_window_pattern', 6) };
  }
  const types = Array.from(pattern as Uint8Array, slides => (slides ? 'sliding' : 'full'));
  return { layer_types: types.map(type => `${type}_attention`) };
}

/** The entry for a file's `general.architecture`. Throws UserError where it is not one of those above. */
export function architectureOf(metadata: Metadata): Architecture & { name: string } {
  const name = metadata.get('general.architecture');
  const architecture = typeof name === 'string' ? ARCHITECTURES.get(name) : undefined;
  if (typeof name !== 'string' || !architecture) {
    throw badKey('general.architecture', `one of ${[...ARCHITECTURES.keys()].join(', ')}`, name);
  }
  return { ...architecture, name };
}
