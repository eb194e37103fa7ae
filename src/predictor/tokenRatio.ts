// How many tokens a text will have, guessed from its size before it is encoded.

/** Share of the newest request in the moving average. */
const NEWEST_SHARE = 0.05;
/** Larger requests are not guessed: their texts may be cut to the model's maximum length. UTF-16 units. */
const MAX_SIZE = 4096;
/** A request that has fewer tokens than usual should not be refused for those that it does not have. */
const CAUTION = 0.5;

export class TokenRatio {
  /** Tokens per UTF-16 unit of the texts so far. */
  #ratio: number | undefined;

  /** Learns from a request whose texts have this size and so many tokens. */
  observe(size: number, tokens: number): void {
    if (size === 0 || size > MAX_SIZE) return;
    const found = tokens / size;
    this.#ratio = this.#ratio === undefined ? found : this.#ratio + NEWEST_SHARE * (found - this.#ratio);
  }

  /** A number of tokens that texts of this size have at the least, as a rule. Zero where nothing is known. */
  atLeast(size: number): number {
    return size > MAX_SIZE ? 0 : Math.floor((this.#ratio ?? 0) * size * CAUTION);
  }
}
