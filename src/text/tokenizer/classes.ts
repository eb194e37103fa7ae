// The tokenizer class that transformers takes for a folder, and what some classes make of its tokenizer.json: they build
// normalizer, pre-tokenizer and model settings anew, whatever is written, and keep its vocabulary, merges and
// post_processor. As transformers 5.23 does it, in models/auto/tokenization_auto.py and models/*/tokenization_*.py.

import { UserError } from '../../errors.js';
import type { Component } from './json.js';

/** A tokenizer_config.json, or the config.json of a model. */
export type Config = Readonly<Record<string, unknown>>;

export interface TokenizerClass {
  /** What replaces the like parts of tokenizer.json. Without it the file is taken as it is written. */
  readonly rebuild?: (config: Config) => Rebuilt;
  /** Special tokens that tokenizer_config.json need not name. */
  readonly specialTokens: Readonly<Record<string, string | null>>;
  /** It adds its special tokens once more, without the flags that they were given. */
  readonly dropsFlags?: boolean;
}

interface Rebuilt {
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component;
  readonly model: Component;
}

const AS_WRITTEN: TokenizerClass = { specialTokens: {} };

const LLAMA: TokenizerClass = {
  rebuild: ({ add_prefix_space, legacy }) => ({
    normalizer: null,
    pre_tokenizer: {
      type: 'Metaspace',
      replacement: '▁',
      prepend_scheme: (add_prefix_space ?? true) ? (legacy ? 'always' : 'first') : 'never',
      split: false,
    },
    model: { unk_token: null, fuse_unk: true, byte_fallback: true },
  }),
  specialTokens: { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' },
};

const GEMMA: TokenizerClass = {
  rebuild: () => ({
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    model: { unk_token: null, fuse_unk: true, byte_fallback: true },
  }),
  specialTokens: {
    bos_token: '<bos>',
    eos_token: '<eos>',
    unk_token: '<unk>',
    pad_token: '<pad>',
    mask_token: '<mask>',
  },
};

const BYTE_LEVEL_MODEL = { unk_token: null, fuse_unk: false, byte_fallback: false };

function byteLevel({ add_prefix_space }: Config, use_regex: boolean): Component {
  return { type: 'ByteLevel', add_prefix_space: Boolean(add_prefix_space), trim_offsets: true, use_regex };
}

const GPT2: TokenizerClass = {
  rebuild: config => ({
    normalizer: null,
    pre_tokenizer: byteLevel(config, true),
    model: BYTE_LEVEL_MODEL,
  }),
  specialTokens: {
    bos_token: '<|endoftext|>',
    eos_token: '<|endoftext|>',
    unk_token: '<|endoftext|>',
    pad_token: null,
  },
};

export const QWEN2_PATTERN = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const QWEN2: TokenizerClass = {
  rebuild: config => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: QWEN2_PATTERN }, behavior: 'Isolated', invert: false },
        byteLevel(config, false),
      ],
    },
    model: BYTE_LEVEL_MODEL,
  }),
  specialTokens: { eos_token: '<|endoftext|>', unk_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
  dropsFlags: true,
};

/** By the name in tokenizer_config.json, without the `Fast` that transformers 4 wrote. */
const CLASSES = new Map([
  ['PreTrainedTokenizer', AS_WRITTEN],
  ['TokenizersBackend', AS_WRITTEN],
  ['LlamaTokenizer', LLAMA],
  ['GemmaTokenizer', GEMMA],
  ['GPT2Tokenizer', GPT2],
  ['Qwen2Tokenizer', QWEN2],
]);

/** The class that transformers registers for a model_type; `undefined`: it registers none. */
const REGISTERED = new Map<unknown, TokenizerClass | undefined>([
  ...['llama', 'smollm3', 'arcee', 'apertus', 'diffllama', 'exaone4', 'falcon', 'helium', 'seed_oss'].map(
    modelType => [modelType, undefined] as const,
  ),
  ...['mistral', 'ministral', 'ministral3', 'mixtral', 'phi3', 'olmo2', 'olmo3', 'stablelm', 'granite'].map(
    modelType => [modelType, AS_WRITTEN] as const,
  ),
  ...['gemma', 'gemma2', 'gemma3', 'gemma3_text'].map(modelType => [modelType, GEMMA] as const),
  ...['gpt2', 'gptj', 'opt', 'phi', 'starcoder2'].map(modelType => [modelType, GPT2] as const),
  ...['qwen2', 'qwen2_moe', 'qwen3', 'qwen3_moe'].map(modelType => [modelType, QWEN2] as const),
]);

/**
 * The class that AutoTokenizer takes.
 * `config` is tokenizer_config.json, `modelConfig` the config.json beside it, {} where there is none; `isByteLevel` says
 * whether tokenizer.json speaks of ByteLevel. Throws UserError where the class is not one of those above.
 */
export function tokenizerClass(config: Config, modelConfig: Config, isByteLevel: boolean): TokenizerClass {
  const name = (config.tokenizer_class || modelConfig.tokenizer_class || undefined) as string | undefined;
  const declared = name?.replace(/Fast$/, '');
  const modelType = modelConfig.model_type;
  const registered = REGISTERED.get(modelType);
  // transformers distrusts what folders of this family say
  if (modelType === 'qwen2') return QWEN2;
  if (declared === 'LlamaTokenizer' && isByteLevel) return AS_WRITTEN;
  if (registered === AS_WRITTEN) return AS_WRITTEN;
  const found = declared === undefined ? (registered ?? AS_WRITTEN) : CLASSES.get(declared);
  if (!found) {
    throw new UserError(
      `tokenizer_config.json: tokenizer_class: expected one of ${[...CLASSES.keys()].join(', ')}, found ${name}. ` +
        'With TokenizersBackend tokenizer.json is taken as it is written',
    );
  }
  const isKnown = modelType === undefined || REGISTERED.has(modelType);
  if (!isKnown && (declared === undefined || found !== AS_WRITTEN)) {
    throw new UserError(
      `config.json: model_type ${modelType}: which tokenizer transformers takes for it is not known here. ` +
        'To have tokenizer.json taken as it is written, set tokenizer_class in tokenizer_config.json to TokenizersBackend',
    );
  }
  return found;
}
