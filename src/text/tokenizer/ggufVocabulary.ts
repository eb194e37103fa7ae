// The vocabulary of a GGUF file's own tokenizer: its tokens with their kinds and scores.

import type { TokenizerKeys } from './ggufMetadata.js';

export interface GgufToken {
  readonly id: number;
  readonly content: string;
  readonly type: number;
}

// llama.cpp's token types by their number in the file.
export const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
export const USER_DEFINED = 4;
/** Fills the vocabulary up to the rows of the embedding: no text becomes one. */
const UNUSED = 5;
export const BYTE = 6;

export interface GgufVocabulary {
  /** How many tokens the file lists. */
  readonly size: number;
  /** In the order of their ids, without those that no text becomes. */
  readonly tokens: readonly GgufToken[];
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
}

/** Throws UserError where the lists are damaged, or two tokens are the same. */
export function readVocabulary(keys: TokenizerKeys): GgufVocabulary {
  const contents = keys.strings('tokens');
  const types = keys.numbers('token_type', contents.length);
  const strange = types.find(type => !Number.isInteger(type) || type < NORMAL || type > BYTE);
  if (strange !== undefined) throw keys.bad('token_type', 'types 1 to 6', strange);
  const tokens = contents
    .map((content, id) => ({ id, content, type: types[id]! }))
    .filter(token => !isFiller(token));
  const ids = new Map<string, number>();
  for (const { id, content } of tokens) {
    if (ids.has(content)) throw keys.bad('tokens', 'each token once', content);
    ids.set(content, id);
  }
  return { size: contents.length, tokens, ids };
}

/** Older converters give what fills the vocabulary up other types, under the same names. */
function isFiller({ id, content, type }: GgufToken): boolean {
  return type === UNUSED || content === '' || (type !== NORMAL && content === `[PAD${id}]`);
}

/** Whether a text that spells the token is read as the token, before the model sees it. */
export function isAdded({ type }: GgufToken): boolean {
  return type === UNKNOWN || type === CONTROL || type === USER_DEFINED;
}
