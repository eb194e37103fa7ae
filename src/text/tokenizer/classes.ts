// The tokenizer classes of transformers. Some of them rebuild the normalizer, the pre-tokenizer and the model's
// settings, whatever tokenizer.json says, and keep only its vocabulary, merges and post-processor.
// Follows models/*/tokenization_*.py of transformers 5.23.

import { byteLevel, isolate, marksToSpaces, QWEN2_PATTERN, sequence } from './components.js';
import type { Component } from './json.js';

/** A tokenizer_config.json, or the config.json of a model. */
export type Config = Readonly<Record<string, unknown>>;

export interface TokenizerClass {
  /** The components that replace those of tokenizer.json. A class without it takes the file as it is written. */
  readonly rebuild?: (config: Config) => RebuiltComponents;
  /** Special tokens that the class has if tokenizer_config.json does not name them. */
  readonly specialTokens: Readonly<Record<string, string | null>>;
  /** Whether the class adds its special tokens a second time, without the flags that they have in the files. */
  readonly dropsFlags?: boolean;
}

interface RebuiltComponents {
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component;
  readonly model: Component;
  readonly decoder: Component;
}

export const AS_WRITTEN: TokenizerClass = { specialTokens: {} };

export const LLAMA: TokenizerClass = {
  rebuild: ({ add_prefix_space, legacy }) => ({
    normalizer: null,
    pre_tokenizer: {
      type: 'Metaspace',
      replacement: '▁',
      prepend_scheme: (add_prefix_space ?? true) ? (legacy ? 'always' : 'first') : 'never',
      split: false,
    },
    model: { unk_token: null, fuse_unk: true, byte_fallback: true },
    decoder: marksToSpaces(add_prefix_space !== false),
  }),
  specialTokens: { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' },
};

export const GEMMA: TokenizerClass = {
  rebuild: () => ({
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    model: { unk_token: null, fuse_unk: true, byte_fallback: true },
    decoder: marksToSpaces(false),
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

export const GPT2: TokenizerClass = {
  rebuild: ({ add_prefix_space }) => ({
    normalizer: null,
    pre_tokenizer: byteLevel(true, Boolean(add_prefix_space)),
    model: BYTE_LEVEL_MODEL,
    decoder: byteLevel(true, true),
  }),
  specialTokens: {
    bos_token: '<|endoftext|>',
    eos_token: '<|endoftext|>',
    unk_token: '<|endoftext|>',
    pad_token: null,
  },
};

export const COHERE: TokenizerClass = {
  rebuild: ({ add_prefix_space }) => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: sequence(
      { type: 'Digits', individual_digits: true },
      byteLevel(true, Boolean(add_prefix_space)),
    ),
    model: BYTE_LEVEL_MODEL,
    decoder: byteLevel(true, true),
  }),
  specialTokens: {
    bos_token: '<BOS_TOKEN>',
    eos_token: '<|END_OF_TURN_TOKEN|>',
    unk_token: '<UNK>',
    pad_token: '<PAD>',
    cls_token: '<CLS>',
    sep_token: '<SEP>',
    mask_token: '<MASK_TOKEN>',
  },
};

export const QWEN2: TokenizerClass = {
  rebuild: ({ add_prefix_space }) => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: sequence(isolate(QWEN2_PATTERN), byteLevel(false, Boolean(add_prefix_space))),
    model: BYTE_LEVEL_MODEL,
    decoder: byteLevel(true, true),
  }),
  specialTokens: { eos_token: '<|endoftext|>', unk_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
  dropsFlags: true,
};
