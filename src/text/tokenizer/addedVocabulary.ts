// Gives added tokens their ids, like the tokenizers library, which ignores the ids that files give them.

import type { AddedToken } from './json.js';
import type { NewToken } from './newToken.js';

export class AddedVocabulary {
  readonly #vocabulary: Readonly<Record<string, number>>;
  readonly #size: number;
  readonly #tokens = new Map<string, AddedToken>();

  /** @param vocabulary the model's ids by token */
  constructor(vocabulary: Readonly<Record<string, number>>) {
    this.#vocabulary = vocabulary;
    this.#size = Object.keys(vocabulary).length;
  }

  has(content: string): boolean {
    return this.#tokens.has(content);
  }

  /** All added tokens, in the order of their ids. */
  tokens(): AddedToken[] {
    return [...this.#tokens.values()].sort((a, b) => a.id - b.id);
  }

  /**
   * Adds tokens. A token that was added before keeps its id and takes the new flags; a new one takes its id in the
   * model's vocabulary, or the next free id. Empty tokens are left out.
   */
  add(tokens: readonly NewToken[]): void {
    let nextId = this.#size;
    for (const { id } of this.#tokens.values()) nextId = Math.max(nextId, id + 1);
    for (const token of tokens) {
      if (token.content === '') continue;
      const existing = this.#tokens.get(token.content);
      const id = existing?.id ?? this.#idInVocabulary(token.content) ?? nextId++;
      // A token that was special once stays special.
      const special = token.special || existing?.special === true;
      this.#tokens.set(token.content, { ...token, id, special });
    }
  }

  #idInVocabulary(content: string): number | undefined {
    return Object.hasOwn(this.#vocabulary, content) ? this.#vocabulary[content] : undefined;
  }
}
