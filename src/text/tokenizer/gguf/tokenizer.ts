// A GGUF file's own tokenizer, as the tokenizer.json that the file was made from.

import type { TokenizerDefinition } from '../files.js';
import type { AddedToken } from '../json.js';
import { type GgufMetadata, TokenizerKeys } from './metadata.js';
import { MODELS } from './models.js';
import { bosAndEosTemplate } from './template.js';
import { type GgufVocabulary, isAdded, readVocabulary, USER_DEFINED } from './vocabulary.js';

/**
 * Architectures whose tokenizers the metadata does not describe completely: it does not say which added tokens include
 * white space, and leaves the order of merges open.
 */
const INCOMPLETE_IN_GGUF = ['gemma', 'gemma2', 'gemma3', 'phi3'];

/**
 * Reads the tokenizer. Throws UserError naming the key that is missing, damaged, or leaves open which ids a text has.
 */
export function ggufTokenizer(metadata: GgufMetadata): TokenizerDefinition {
  const keys = new TokenizerKeys(metadata);
  const readModel = keys.has('model') ? MODELS.get(keys.text('model')) : undefined;
  if (!readModel) throw keys.invalid('model', [...MODELS.keys()].join(' or '));
  const architecture = metadata.get('general.architecture') as string;
  if (INCOMPLETE_IN_GGUF.includes(architecture)) {
    const expected = `a tokenizer that GGUF metadata describes completely, which is not so for ${architecture}`;
    throw keys.invalid('model', expected);
  }
  for (const key of ['remove_extra_whitespaces', 'add_sep_token']) {
    if (keys.flag(key, false)) throw keys.invalid(key, 'false');
  }
  if (keys.has('precompiled_charsmap')) throw keys.invalid('precompiled_charsmap', 'nothing');
  const vocabulary = readVocabulary(keys);
  const unknownId = keys.id('unknown_token_id', vocabulary.size);
  const { addsBos, ...components } = readModel(keys, vocabulary);
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(keys, vocabulary),
      ...components,
      post_processor: bosAndEosTemplate(keys, vocabulary, addsBos),
    },
    modelMaxLength: Number.POSITIVE_INFINITY,
    truncationSide: 'right',
    splitSpecialTokens: false,
    unknownToken: vocabulary.tokens.find(({ id }) => id === unknownId)?.content,
  };
}

/** Keys whose tokens are added tokens, whatever their type. */
const SPECIAL_TOKEN_KEYS = ['bos_token_id', 'eos_token_id', 'unknown_token_id', 'padding_token_id'];

function addedTokens(keys: TokenizerKeys, { size, tokens }: GgufVocabulary): AddedToken[] {
  const specialIds = SPECIAL_TOKEN_KEYS.map(key => keys.id(key, size));
  return tokens
    .filter(token => isAdded(token) || specialIds.includes(token.id))
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
