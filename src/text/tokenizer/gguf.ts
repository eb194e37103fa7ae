// A GGUF file's own tokenizer as the tokenizer.json that the file was made from.

import type { TokenizerDefinition } from './files.js';
import { type GgufMetadata, TokenizerKeys } from './ggufMetadata.js';
import { PRES } from './ggufPre.js';
import { BYTE, type GgufVocabulary, isAdded, readVocabulary, USER_DEFINED } from './ggufVocabulary.js';
import type { AddedToken, Component, TokenizerJson } from './json.js';
import { scoredMerges } from './scoredMerges.js';

/** Tokenizers of these do more than the metadata tells: added tokens that take white space, pieces without an order. */
const UNTOLD = ['gemma', 'gemma2', 'gemma3', 'phi3'];

type Parts = Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer' | 'model' | 'decoder'> & {
  /** Whether texts begin with the bos token where the file does not say. */
  readonly addsBos: boolean;
};

const KINDS: ReadonlyMap<string, (keys: TokenizerKeys, vocabulary: GgufVocabulary) => Parts> = new Map([
  ['gpt2', byteLevel],
  ['llama', sentencePiece],
]);

/** Throws UserError naming the key that is missing, damaged, or leaves open which ids a text has. */
export function ggufTokenizer(metadata: GgufMetadata): TokenizerDefinition {
  const keys = new TokenizerKeys(metadata);
  const kind = keys.has('model') ? KINDS.get(keys.text('model')) : undefined;
  if (!kind) throw keys.bad('model', [...KINDS.keys()].join(' or '));
  const architecture = metadata.get('general.architecture');
  if (UNTOLD.includes(architecture as string)) {
    throw keys.bad(
      'model',
      `a tokenizer that the metadata tells all of, which it does not for ${architecture}`,
    );
  }
  for (const key of ['remove_extra_whitespaces', 'add_sep_token']) {
    if (keys.flag(key, false)) throw keys.bad(key, 'false');
  }
  if (keys.has('precompiled_charsmap')) throw keys.bad('precompiled_charsmap', 'nothing');
  const vocabulary = readVocabulary(keys);
  const { addsBos, ...parts } = kind(keys, vocabulary);
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(keys, vocabulary),
      ...parts,
      post_processor: aroundText(keys, vocabulary, addsBos),
    },
    modelMaxLength: Number.POSITIVE_INFINITY,
    truncationSide: 'right',
    splitSpecialTokens: false,
  };
}

function byteLevel(keys: TokenizerKeys, vocabulary: GgufVocabulary): Parts {
  const pre = PRES.get(keys.text('pre'));
  if (!pre) throw keys.bad('pre', `one of ${[...PRES.keys()].join(', ')}`);
  const { normalizer, pre_tokenizer, ignoreMerges, addsBos } = pre;
  const model = bytePairs(vocabulary, listedMerges(keys, vocabulary), { ignore_merges: ignoreMerges });
  const decoder = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };
  return { normalizer, pre_tokenizer, model, decoder, addsBos };
}

/** LLaMA 1 and 2, Mistral: a text's spaces are ▁, one more stands before each stretch of text, bytes stand for the rest. */
function sentencePiece(keys: TokenizerKeys, vocabulary: GgufVocabulary): Parts {
  const hasPrefix = keys.flag('add_space_prefix', true);
  const userDefined = vocabulary.tokens.find(({ type }) => type === USER_DEFINED);
  // whether one is looked for before or after spaces are written as ▁ is not told
  if (userDefined) throw keys.bad('token_type', 'no user-defined token beside pieces', userDefined.content);
  const bytes = vocabulary.tokens.filter(({ type }) => type === BYTE);
  const misnamed = bytes.find(({ content }) => !/^<0x[0-9A-F]{2}>$/.test(content));
  if (misnamed) throw keys.bad('tokens', 'byte tokens like <0x0A>', misnamed.content);
  if (bytes.length % 256 !== 0) throw keys.bad('token_type', '256 byte tokens, or none', bytes.length);
  const unknown = keys.id('unknown_token_id', vocabulary.size) ?? 0;
  const unk_token = vocabulary.tokens.find(({ id }) => id === unknown)?.content;
  if (unk_token === undefined) throw keys.bad('unknown_token_id', 'the id of a token in use', unknown);
  const merges = keys.has('merges') ? listedMerges(keys, vocabulary) : scoredMerges(keys, vocabulary);
  const escaped = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    normalizer: hasPrefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, escaped] }
      : escaped,
    pre_tokenizer: null,
    model: bytePairs(vocabulary, merges, { unk_token, fuse_unk: true, byte_fallback: bytes.length > 0 }),
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    addsBos: true,
  };
}

function bytePairs(
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

/** `left right`, the earliest first. */
function listedMerges(keys: TokenizerKeys, { ids }: GgufVocabulary): [string, string][] {
  return keys.strings('merges').map(merge => {
    const [, left = '', right = ''] = /^([^ ]+) ([^ ]+)$/.exec(merge) ?? [];
    if (!ids.has(left) || !ids.has(right) || !ids.has(left + right)) {
      throw keys.bad('merges', 'two tokens that make a third, with a space between them', merge);
    }
    return [left, right];
  });
}

const NAMED = ['bos_token_id', 'eos_token_id', 'unknown_token_id', 'padding_token_id'];

function addedTokens(keys: TokenizerKeys, { size, tokens }: GgufVocabulary): AddedToken[] {
  const named = NAMED.map(key => keys.id(key, size));
  return tokens
    .filter(token => isAdded(token) || named.includes(token.id))
    .map(({ id, content, type }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: type !== USER_DEFINED,
    }));
}

function aroundText(keys: TokenizerKeys, vocabulary: GgufVocabulary, addsBos: boolean): Component | null {
  const specialToken = (key: string) => {
    const id = keys.id(key, vocabulary.size);
    const token = vocabulary.tokens.find(token => token.id === id);
    if (!token) throw keys.bad(key, 'the id of a token in use');
    return token;
  };
  const before = keys.flag('add_bos_token', addsBos) ? [specialToken('bos_token_id')] : [];
  const after = keys.flag('add_eos_token', false) ? [specialToken('eos_token_id')] : [];
  if (before.length + after.length === 0) return null;
  const parts = (tokens: typeof before, type_id: number) =>
    tokens.map(({ content }) => ({ SpecialToken: { id: content, type_id } }));
  const around = (text: string, type_id: number) => [
    ...parts(before, type_id),
    { Sequence: { id: text, type_id } },
    ...parts(after, type_id),
  ];
  const special = [...before, ...after].map(({ id, content }) => [
    content,
    { id: content, ids: [id], tokens: [content] },
  ]);
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(special),
  };
}
