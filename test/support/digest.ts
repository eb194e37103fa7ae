// Digests of token ids, which stand for the ids themselves in the tokenizer fixtures.

import { createHash } from 'node:crypto';

/** The number of ids and a hash of them, like `digest` in test/fixtures/tokenizers/make_kinds.py. */
export function digest(ids: Iterable<number>): string {
  const list = [...ids];
  return `${list.length} ${createHash('sha256').update(list.join()).digest('hex').slice(0, 8)}`;
}
