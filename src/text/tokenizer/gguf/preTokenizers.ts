// The pre-tokenizers that `tokenizer.ggml.pre` names: how a byte-level tokenizer cuts a text. llama.cpp names one by a
// hash of the ids that the original tokenizer gives a test text, special tokens included. Only names whose
// tokenizer.json is known for certain are here; llama.cpp's own patterns for the others are approximations.

import {
  byteLevel,
  isolate,
  LLAMA3_PATTERN,
  QWEN2_PATTERN,
  sequence,
  TEKKEN_PATTERN,
} from '../components.js';
import type { Component } from '../json.js';

export interface GgufPreTokenizer {
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component;
  /** Whether a piece that is a token by itself is taken whole. */
  readonly ignoreMerges: boolean;
  /** Whether texts begin with the bos token if the file has no add_bos_token. */
  readonly addsBos: boolean;
}

const GPT2: GgufPreTokenizer = {
  normalizer: null,
  pre_tokenizer: byteLevel(true),
  ignoreMerges: false,
  addsBos: false,
};

const SINGLE_DIGITS: GgufPreTokenizer = {
  ...GPT2,
  pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel(true)),
};

const LLAMA3: GgufPreTokenizer = {
  normalizer: null,
  pre_tokenizer: sequence(isolate(LLAMA3_PATTERN), byteLevel(false)),
  ignoreMerges: true,
  addsBos: true,
};

const TEKKEN: GgufPreTokenizer = {
  ...LLAMA3,
  pre_tokenizer: sequence(isolate(TEKKEN_PATTERN), byteLevel(false)),
};

const QWEN2: GgufPreTokenizer = {
  normalizer: { type: 'NFC' },
  pre_tokenizer: sequence(isolate(QWEN2_PATTERN), byteLevel(false)),
  ignoreMerges: false,
  addsBos: false,
};

export const PRE_TOKENIZERS: ReadonlyMap<string, GgufPreTokenizer> = new Map([
  ['gpt-2', GPT2],
  ['llama-bpe', LLAMA3],
  ['llama-v3', LLAMA3],
  ['llama3', LLAMA3],
  ['qwen2', QWEN2],
  ['refact', SINGLE_DIGITS],
  ['smollm', SINGLE_DIGITS],
  ['starcoder', SINGLE_DIGITS],
  ['tekken', TEKKEN],
]);
