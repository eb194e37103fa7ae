// The post-processor of a GGUF file's own tokenizer: a template with the bos and eos tokens around a text.

import type { Component } from '../json.js';
import { templateAround } from '../template.js';
import type { TokenizerKeys } from './metadata.js';
import type { GgufToken, GgufVocabulary } from './vocabulary.js';

/**
 * The template, or null if no token is added. Throws UserError if a token that is added has no id in use.
 * @param addsBos whether texts begin with the bos token if the file has no add_bos_token
 */
export function bosAndEosTemplate(
  keys: TokenizerKeys,
  { size, tokens }: GgufVocabulary,
  addsBos: boolean,
): Component | null {
  const specialToken = (key: string): GgufToken => {
    const id = keys.id(key, size);
    const token = tokens.find(token => token.id === id);
    if (!token) throw keys.invalid(key, 'the id of a token in use');
    return token;
  };
  const before = keys.flag('add_bos_token', addsBos) ? [specialToken('bos_token_id')] : [];
  const after = keys.flag('add_eos_token', false) ? [specialToken('eos_token_id')] : [];
  if (before.length + after.length === 0) return null;
  return templateAround(before, after);
}
