// The vocabulary of a GGUF file's own tokenizer: its tokens with their ids and types.

import type { TokenizerKeys } from './metadata.js';

export interface GgufToken {
  readonly id: number;
  readonly content: string;
  /** One of llama.cpp's token types, see below. */
  readonly type: number;
}

// llama.cpp's token types, by their number in the file.
export const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
export const USER_DEFINED = 4;
/** Fills the vocabulary up to the number of rows of the embedding. No text is encoded to such a token. */
const UNUSED = 5;
export const BYTE = 6;

export interface GgufVocabulary {
  /** Number of tokens in the file, fillers included. */
  readonly size: number;
  /** The tokens in the order of their ids, without fillers. */
  readonly tokens: readonly GgufToken[];
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
}

/** Reads the tokens and their types. Throws UserError if the lists are damaged, or a token occurs twice. */
export function readVocabulary(keys: TokenizerKeys): GgufVocabulary {
  const contents = keys.strings('tokens');
  const types = keys.numbers('token_type', contents.length);
  const unknownType = types.find(type => !Number.isInteger(type) || type < NORMAL || type > BYTE);
  if (unknownType !== undefined) throw keys.invalid('token_type', 'types 1 to 6', unknownType);
  const tokens = contents
    .map((content, id) => ({ id, content, type: types[id]! }))
    .filter(token => !isFiller(token));
  const ids = new Map<string, number>();
  for (const { id, content } of tokens) {
    if (ids.has(content)) throw keys.invalid('tokens', 'each token once', content);
    ids.set(content, id);
  }
  return { size: contents.length, tokens, ids };
}

/** Older converters give fillers other types than UNUSED, but the same contents. */
function isFiller({ id, content, type }: GgufToken): boolean {
  return type === UNUSED || content === '' || (type !== NORMAL && content === `[PAD${id}]`);
}

/** Whether the token is an added token, which is found in a text before the model sees it. */
export function isAdded({ type }: GgufToken): boolean {
  return type === UNKNOWN || type === CONTROL || type === USER_DEFINED;
}
