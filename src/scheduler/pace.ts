// How long forward passes of a model take here, as passes of late have shown.

/** All cores on one pass together, or each engine on a pass of its own. */
export type Way = 'together' | 'apart';

/** Reading the weights takes a core as long as computing so many tokens with them does, whatever the model's size. */
const READING_WEIGHTS = 16;
/** What the newest pass counts, against all before it. */
const NEWEST = 0.25;
/** How long passes say something about the next one: a machine's speed changes. Milliseconds. */
const REMEMBERED = 5000;
/** Before the first pass, when nothing runs that could be compared with. Milliseconds a token. */
const UNSEEN = 1;

interface Seen {
  /** Milliseconds that a token takes a core. */
  readonly perToken: number;
  /** On the clock of performance.now(). */
  readonly at: number;
}

/** One way that has not been seen of late is taken to be as good as the one that was seen last. */
export class Pace {
  readonly #engines: number;
  readonly #seen: Partial<Record<Way, Seen>> = {};
  #last: Seen | undefined;

  constructor(engines: number) {
    this.#engines = engines;
  }

  /** Milliseconds that a pass of so many tokens will take. */
  expect(way: Way, tokens: number, now: number): number {
    const perToken = (this.#recent(way, now) ?? this.#last)?.perToken ?? UNSEEN;
    return perToken * this.#tokensOfACore(way, tokens);
  }

  see(way: Way, tokens: number, milliseconds: number, now: number): void {
    const perToken = milliseconds / this.#tokensOfACore(way, tokens);
    const before = this.#recent(way, now)?.perToken ?? perToken;
    this.#last = { perToken: before + NEWEST * (perToken - before), at: now };
    this.#seen[way] = this.#last;
  }

  #recent(way: Way, now: number): Seen | undefined {
    const seen = this.#seen[way];
    return seen && now - seen.at < REMEMBERED ? seen : undefined;
  }

  /** Every core reads all weights; the tokens of a pass that all are on, they share. */
  #tokensOfACore(way: Way, tokens: number): number {
    return READING_WEIGHTS + (way === 'together' ? tokens / this.#engines : tokens);
  }
}
