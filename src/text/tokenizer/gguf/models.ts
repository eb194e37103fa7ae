// The two kinds of tokenizer that a GGUF file may have, byte-level and SentencePiece, as parts of a tokenizer.json.

import { marksToSpaces } from '../components.js';
import type { Component, TokenizerJson } from '../json.js';
import type { TokenizerKeys } from './metadata.js';
import { PRE_TOKENIZERS } from './preTokenizers.js';
import { scoredMerges } from './scoredMerges.js';
import { BYTE, type GgufVocabulary, USER_DEFINED } from './vocabulary.js';

export type GgufComponents = Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer' | 'model' | 'decoder'> & {
  /** Whether texts begin with the bos token if the file has no add_bos_token. */
  readonly addsBos: boolean;
};

/** Reads one kind of tokenizer. Throws UserError naming the key that is missing, damaged or not supported. */
type ReadModel = (keys: TokenizerKeys, vocabulary: GgufVocabulary) => GgufComponents;

/** By `tokenizer.ggml.model`. */
export const MODELS: ReadonlyMap<string, ReadModel> = new Map([
  ['gpt2', byteLevelModel],
  ['llama', sentencePieceModel],
]);

function byteLevelModel(keys: TokenizerKeys, vocabulary: GgufVocabulary): GgufComponents {
  const named = PRE_TOKENIZERS.get(keys.text('pre'));
  if (!named) throw keys.invalid('pre', `one of ${[...PRE_TOKENIZERS.keys()].join(', ')}`);
  const { normalizer, pre_tokenizer, ignoreMerges, addsBos } = named;
  const model = bytePairModel(vocabulary, listedMerges(keys, vocabulary), { ignore_merges: ignoreMerges });
  const decoder = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };
  return { normalizer, pre_tokenizer, model, decoder, addsBos };
}

/**
 * LLaMA 1 and 2, Mistral: spaces are written as ▁, one more ▁ stands before each stretch of text, and characters that
 * the vocabulary lacks become the tokens of their bytes.
 */
function sentencePieceModel(keys: TokenizerKeys, vocabulary: GgufVocabulary): GgufComponents {
  const hasPrefix = keys.flag('add_space_prefix', true);
  const unknownToken = checkPieces(keys, vocabulary);
  const hasBytes = vocabulary.tokens.some(({ type }) => type === BYTE);
  const merges = keys.has('merges') ? listedMerges(keys, vocabulary) : scoredMerges(keys, vocabulary);
  const settings = { unk_token: unknownToken, fuse_unk: true, byte_fallback: hasBytes };
  const spacesToMarks = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    normalizer: hasPrefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, spacesToMarks] }
      : spacesToMarks,
    pre_tokenizer: null,
    model: bytePairModel(vocabulary, merges, settings),
    decoder: marksToSpaces(hasPrefix),
    addsBos: true,
  };
}

/** Checks the token types of a SentencePiece vocabulary. Returns the unknown token. */
function checkPieces(keys: TokenizerKeys, { size, tokens }: GgufVocabulary): string {
  const userDefined = tokens.find(({ type }) => type === USER_DEFINED);
  // The file does not say whether such a token is searched for before or after spaces are written as ▁.
  if (userDefined) {
    const expected = 'no user-defined token in a SentencePiece vocabulary';
    throw keys.invalid('token_type', expected, userDefined.content);
  }
  const bytes = tokens.filter(({ type }) => type === BYTE);
  const misnamed = bytes.find(({ content }) => !/^<0x[0-9A-F]{2}>$/.test(content));
  if (misnamed) throw keys.invalid('tokens', 'byte tokens like <0x0A>', misnamed.content);
  if (bytes.length % 256 !== 0) throw keys.invalid('token_type', '256 byte tokens, or none', bytes.length);
  const unknownId = keys.id('unknown_token_id', size) ?? 0;
  const unknown = tokens.find(({ id }) => id === unknownId);
  if (!unknown) throw keys.invalid('unknown_token_id', 'the id of a token in use', unknownId);
  return unknown.content;
}

function bytePairModel(
  { ids }: GgufVocabulary,
  merges: readonly [string, string][],
  settings: object,
): Component {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    ...settings,
    vocab: Object.fromEntries(ids),
    merges,
  };
}

/** The file's own list, each merge written as `left right`, in the order in which they apply. */
function listedMerges(keys: TokenizerKeys, { ids }: GgufVocabulary): [string, string][] {
  return keys.strings('merges').map(merge => {
    const [, left = '', right = ''] = /^([^ ]+) ([^ ]+)$/.exec(merge) ?? [];
    if (!ids.has(left) || !ids.has(right) || !ids.has(left + right)) {
      throw keys.invalid('merges', 'two tokens with a space between them that make a third token', merge);
    }
    return [left, right];
  });
}
