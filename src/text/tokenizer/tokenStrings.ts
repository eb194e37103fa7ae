// The strings of tokens by their ids, and the other way round.

import type { AddedToken } from './json.js';

export class TokenStrings {
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #added: ReadonlyMap<string, number>;
  /** Made when it is first needed: serving ids alone needs no strings. */
  #tokens: ReadonlyMap<number, string> | undefined;

  /** @param vocabulary the model's ids by token */
  constructor(vocabulary: ReadonlyMap<string, number>, addedTokens: readonly AddedToken[]) {
    this.#vocabulary = vocabulary;
    this.#added = new Map(addedTokens.map(({ content, id }) => [content, id]));
  }

  /** The string of a token; empty for an id that no token has. */
  tokenOf(id: number): string {
    this.#tokens ??= new Map(
      [...this.#vocabulary, ...this.#added].map(([token, tokenId]) => [tokenId, token]),
    );
    return this.#tokens.get(id) ?? '';
  }

  /** The id of a token; undefined if there is no such token. */
  idOf(token: string): number | undefined {
    return this.#added.get(token) ?? this.#vocabulary.get(token);
  }
}
