// The ids of added tokens, given out as the Rust library gives them: the id beside a token in a file is not looked at.

import type { AddedToken } from './json.js';

export type Token = Omit<AddedToken, 'id'>;

export class AddedVocabulary {
  readonly #vocabulary: Readonly<Record<string, number>>;
  readonly #size: number;
  readonly #tokens = new Map<string, AddedToken>();

  constructor(vocabulary: Readonly<Record<string, number>>) {
    this.#vocabulary = vocabulary;
    this.#size = Object.keys(vocabulary).length;
  }

  has(content: string): boolean {
    return this.#tokens.has(content);
  }

  /** In the order of their ids. */
  tokens(): AddedToken[] {
    return [...this.#tokens.values()].sort((a, b) => a.id - b.id);
  }

  /** A token that is there takes its new flags; a new one its id in the vocabulary, or the next that is free. */
  add(tokens: readonly Token[]): void {
    let free = this.#size;
    for (const { id } of this.#tokens.values()) free = Math.max(free, id + 1);
    for (const token of tokens) {
      if (token.content === '') continue;
      const known = this.#tokens.get(token.content);
      const id = known?.id ?? this.#idInVocabulary(token.content) ?? free++;
      // what was special once stays so
      this.#tokens.set(token.content, { ...token, id, special: token.special || known?.special === true });
    }
  }

  #idInVocabulary(content: string): number | undefined {
    return Object.hasOwn(this.#vocabulary, content) ? this.#vocabulary[content] : undefined;
  }
}
