// A GGUF file seen as Hugging Face would store it: its config fields, its tensor names, its row order.
// One architecture is one entry in a table. Names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

import { UserError } from '../errors.js';
import type { JsonObject } from './files.js';
import type { GgufFile, GgufValue } from './gguf.js';
import { rowWidth, type TensorInfo, type TensorSource } from './tensors.js';

type Metadata = ReadonlyMap<string, GgufValue>;

interface Architecture {
  /** What Hugging Face calls it: `model_type`. */
  readonly modelType: string;
  readonly activation: string;
  /** Hugging Face module by GGUF module, outside the layers. */
  readonly modules: ReadonlyMap<string, string>;
  /** The same within one layer: `blk.N.` there, `model.layers.N.` here. */
  readonly layerModules: ReadonlyMap<string, string>;
  /** Modules whose rows llama.cpp stores with rotary halves interleaved, and the key that counts their heads. */
  readonly interleaved: ReadonlyMap<string, 'head_count' | 'head_count_kv'>;
}

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  [
    'llama',
    {
      modelType: 'llama',
      activation: 'silu',
      modules: new Map([
        ['token_embd', 'model.embed_tokens'],
        ['output_norm', 'model.norm'],
        ['output', 'lm_head'],
      ]),
      layerModules: new Map([
        ['attn_norm', 'input_layernorm'],
        ['attn_q', 'self_attn.q_proj'],
        ['attn_k', 'self_attn.k_proj'],
        ['attn_v', 'self_attn.v_proj'],
        ['attn_output', 'self_attn.o_proj'],
        ['ffn_norm', 'post_attention_layernorm'],
        ['ffn_gate', 'mlp.gate_proj'],
        ['ffn_up', 'mlp.up_proj'],
        ['ffn_down', 'mlp.down_proj'],
      ]),
      interleaved: new Map([
        ['attn_q', 'head_count' as const],
        ['attn_k', 'head_count_kv' as const],
      ]),
    },
  ],
]);

/** Keys under the architecture's name that change the result, with the one value that leaves it alone. */
const NEUTRAL: Readonly<Record<string, GgufValue>> = {
  'rope.scaling.type': 'none',
  'rope.scaling.factor': 1,
  'rope.scaling.attn_factor': 1,
  'rope.scale_linear': 1,
  'attention.sliding_window': 0,
};

const TOKEN_IDS = [
  ['bos_token_id', 'tokenizer.ggml.bos_token_id'],
  ['eos_token_id', 'tokenizer.ggml.eos_token_id'],
  ['pad_token_id', 'tokenizer.ggml.padding_token_id'],
] as const;

/**
 * The fields of a Hugging Face config.json that the metadata tells.
 * Throws UserError where the architecture is unknown, a field is missing, or positions are scaled.
 */
export function ggufConfig(metadata: Metadata): JsonObject {
  const { name, modelType, activation } = architectureOf(metadata);
  for (const [key, neutral] of Object.entries(NEUTRAL)) expectValue(metadata, `${name}.${key}`, neutral);
  const hiddenSize = number(metadata, `${name}.embedding_length`);
  const heads = headCount(metadata, name, 'head_count');
  const headDim = number(metadata, `${name}.attention.key_length`, hiddenSize / heads);
  // the decoder has one head size, all of it rotated
  expectValue(metadata, `${name}.attention.value_length`, headDim);
  expectValue(metadata, `${name}.rope.dimension_count`, headDim);
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const config: JsonObject = {
    model_type: modelType,
    hidden_act: activation,
    hidden_size: hiddenSize,
    intermediate_size: number(metadata, `${name}.feed_forward_length`),
    num_hidden_layers: number(metadata, `${name}.block_count`),
    num_attention_heads: heads,
    num_key_value_heads: headCount(metadata, name, 'head_count_kv'),
    head_dim: headDim,
    rms_norm_eps: number(metadata, `${name}.attention.layer_norm_rms_epsilon`),
    rope_theta: number(metadata, `${name}.rope.freq_base`, 10000),
    vocab_size: number(metadata, `${name}.vocab_size`, Array.isArray(tokens) ? tokens.length : undefined),
    max_position_embeddings: number(metadata, `${name}.context_length`),
  };
  for (const [field, key] of TOKEN_IDS) {
    if (metadata.has(key)) config[field] = number(metadata, key);
  }
  return config;
}

/**
 * The file's tensors under Hugging Face's names, rows in Hugging Face's order.
 * Throws UserError where one is unknown, for leaving it out could change the result.
 */
export function ggufAsHuggingFace(file: GgufFile): TensorSource {
  const architecture = architectureOf(file.metadata);
  const layers = number(file.metadata, `${architecture.name}.block_count`);
  const tensors = new Map<string, TensorInfo>();
  const stored = new Map<string, { name: string; heads: number | undefined }>();
  for (const info of file.tensors.values()) {
    const { name, module } = translate(info.name, architecture, layers, file.name);
    const counter = architecture.interleaved.get(module);
    const heads = counter && headCount(file.metadata, architecture.name, counter);
    if (heads !== undefined && info.shape[0]! % (2 * heads) !== 0) {
      throw new UserError(
        `${info.name}: expected rows for ${heads} heads of an even size, found [${info.shape.join(', ')}] in ${file.name}`,
      );
    }
    tensors.set(name, { ...info, name });
    stored.set(name, { name: info.name, heads });
  }
  return {
    name: file.name,
    tensors,
    async read(name, start = 0, end = tensors.get(name)?.shape[0] ?? 1) {
      const found = stored.get(name);
      if (!found) throw new UserError(`${file.name}: holds no tensor ${name}`);
      if (found.heads === undefined) return file.read(found.name, start, end);
      // rows change places within a head: whole heads are read, and what was asked for is cut out
      const { shape } = tensors.get(name)!;
      const headDim = shape[0]! / found.heads;
      const first = Math.floor(start / headDim) * headDim;
      const last = Math.ceil(end / headDim) * headDim;
      const heads = separateHalves(await file.read(found.name, first, last), headDim, rowWidth(shape));
      return heads.subarray((start - first) * rowWidth(shape), (end - first) * rowWidth(shape));
    },
    close: () => file.close(),
  };
}

const TENSOR_NAME = /^(?:blk\.(?<layer>0|[1-9]\d*)\.)?(?<module>\w+)\.(?<kind>weight|bias)$/;

function translate(tensor: string, architecture: Architecture, layers: number, file: string) {
  if (tensor === 'rope_freqs.weight') {
    throw new UserError(
      `${tensor}: found in ${file}: it scales the rotary frequencies (as in Llama 3.1), which is not supported`,
    );
  }
  const { layer, module = '', kind } = TENSOR_NAME.exec(tensor)?.groups ?? {};
  const known =
    layer === undefined ? architecture.modules.get(module) : architecture.layerModules.get(module);
  if (known === undefined || Number(layer ?? 0) >= layers) {
    throw new UserError(
      `${tensor}: found in ${file}: no such tensor is known in a ${architecture.modelType} of ${layers} layers, ` +
        'and leaving it out could change the result',
    );
  }
  return { name: `${layer === undefined ? '' : `model.layers.${layer}.`}${known}.${kind}`, module };
}

/**
 * Undoes llama.cpp's interleaving of rotary halves in whole heads of `headDim` rows. With D the head size, i < D/2
 * and j in {0, 1}, the file's row h*D + 2*i + j is row h*D + j*D/2 + i here.
 */
function separateHalves(values: Float32Array, headDim: number, width: number): Float32Array {
  const separated = new Float32Array(values.length);
  for (let row = 0; row * width < values.length; row++) {
    const within = row % headDim;
    const to = row - within + (within % 2) * (headDim / 2) + Math.floor(within / 2);
    separated.set(values.subarray(row * width, (row + 1) * width), to * width);
  }
  return separated;
}

function architectureOf(metadata: Metadata): Architecture & { name: string } {
  const name = metadata.get('general.architecture');
  const architecture = typeof name === 'string' ? ARCHITECTURES.get(name) : undefined;
  if (typeof name !== 'string' || !architecture) {
    throw bad('general.architecture', `one of ${[...ARCHITECTURES.keys()].join(', ')}`, name);
  }
  return { ...architecture, name };
}

/** Where no key-value heads are told apart, every head has its own. */
function headCount(metadata: Metadata, architecture: string, key: 'head_count' | 'head_count_kv'): number {
  const fallback = key === 'head_count_kv' ? headCount(metadata, architecture, 'head_count') : undefined;
  const count = number(metadata, `${architecture}.attention.${key}`, fallback);
  if (!Number.isInteger(count) || count < 1) {
    throw bad(`${architecture}.attention.${key}`, 'a whole number above 0', count);
  }
  return count;
}

function number(metadata: Metadata, key: string, fallback?: number): number {
  const value = metadata.get(key) ?? fallback;
  if (typeof value !== 'number') throw bad(key, 'a number', value);
  return value;
}

function expectValue(metadata: Metadata, key: string, only: GgufValue): void {
  const value = metadata.get(key) ?? only;
  if (value !== only) throw bad(key, `${only}: nothing else is supported`, value);
}

function bad(key: string, expected: string, found: GgufValue | undefined): UserError {
  const shown = typeof found === 'object' ? `a list of ${found.length}` : (found ?? 'nothing');
  return new UserError(`GGUF metadata: ${key}: expected ${expected}, found ${shown}`);
}
