// How long a forward pass may take before its process is taken to be hung, learned from the passes before it.

/** Milliseconds of a pass before any other was seen: the weights of a large model may still have to be read from the disk. */
const FIRST_PASS_MS = 120_000;
/** Milliseconds that every pass may take, whatever its size. */
const ANY_PASS_MS = 10_000;
/** A pass may take this many times what the slowest recent pass predicts, as other programs may use the cores. */
const SLACK = 20;
/** The number of passes that count as recent. */
const RECENT = 32;
/** A pass reads all weights, which takes about as long as computing this many tokens. */
const TOKENS_PER_READ = 16;

export class PassBound {
  /** Milliseconds per token of the recent passes, the newest last. */
  readonly #recent: number[] = [];

  /** Learns from a pass of this many tokens. */
  observe(tokens: number, milliseconds: number): void {
    this.#recent.push(milliseconds / (TOKENS_PER_READ + tokens));
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  /** The most milliseconds that a pass of this many tokens may take. */
  of(tokens: number): number {
    if (this.#recent.length === 0) return FIRST_PASS_MS;
    return ANY_PASS_MS + SLACK * Math.max(...this.#recent) * (TOKENS_PER_READ + tokens);
  }
}
