// What `tokenizer.ggml.pre` stands for: how the byte-level tokenizer that a file was made from cuts a text. llama.cpp
// names it after a hash of what that tokenizer makes of a test text, special tokens included. Only names whose
// tokenizer.json is known for certain are here; llama.cpp's own patterns for the others are approximations.

import { QWEN2_PATTERN } from './classes.js';
import type { Component } from './json.js';

export interface Pre {
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component;
  /** A piece that is a token is taken whole. */
  readonly ignoreMerges: boolean;
  /** What holds where the file has no add_bos_token. */
  readonly addsBos: boolean;
}

const LLAMA3_PATTERN = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const TEKKEN_PATTERN =
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+` +
  String.raw`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*` +
  String.raw`|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const GPT2: Pre = {
  normalizer: null,
  pre_tokenizer: byteLevel(true),
  ignoreMerges: false,
  addsBos: false,
};

const SINGLE_DIGITS: Pre = {
  ...GPT2,
  pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel(true)),
};

const LLAMA3: Pre = {
  normalizer: null,
  pre_tokenizer: sequence(split(LLAMA3_PATTERN), byteLevel(false)),
  ignoreMerges: true,
  addsBos: true,
};

const TEKKEN: Pre = { ...LLAMA3, pre_tokenizer: sequence(split(TEKKEN_PATTERN), byteLevel(false)) };

const QWEN2: Pre = {
  normalizer: { type: 'NFC' },
  pre_tokenizer: sequence(split(QWEN2_PATTERN), byteLevel(false)),
  ignoreMerges: false,
  addsBos: false,
};

export const PRES: ReadonlyMap<string, Pre> = new Map([
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

function sequence(...pretokenizers: Component[]): Component {
  return { type: 'Sequence', pretokenizers };
}

function split(pattern: string): Component {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

function byteLevel(use_regex: boolean): Component {
  return { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex };
}
