// The strings of tokens by their ids, and the other way round.

import type { AddedToken } from './json.js';
import type { Normalize } from './normalizer.js';

export class TokenStrings {
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #added: readonly AddedToken[];
  readonly #normalize: Normalize;
  /** Made when it is first needed: serving ids alone needs no strings. */
  #tokens: ReadonlyMap<number, string> | undefined;

  /** @param vocabulary the model's ids by token */
  constructor(
    vocabulary: ReadonlyMap<string, number>,
    addedTokens: readonly AddedToken[],
    normalize: Normalize,
  ) {
    this.#vocabulary = vocabulary;
    this.#added = addedTokens;
    this.#normalize = normalize;
  }

  /** The string of a token; empty for an id that no token has. */
  tokenOf(id: number): string {
    this.#tokens ??= new Map([
      ...Array.from(this.#vocabulary, ([token, tokenId]) => [tokenId, token] as const),
      // The tokenizers library gives an added token that is searched for in normalized text as it is found there.
      ...this.#added.map(
        token => [token.id, token.normalized ? this.#normalize(token.content) : token.content] as const,
      ),
    ]);
    return this.#tokens.get(id) ?? '';
  }

  /** The id of a token; undefined if there is no such token. */
  idOf(token: string): number | undefined {
    return this.#added.find(({ content }) => content === token)?.id ?? this.#vocabulary.get(token);
  }
}
