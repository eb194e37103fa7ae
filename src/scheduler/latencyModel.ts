// Predicts how long forward passes of a model take on this machine, from the passes of the last seconds.

/** How a pass uses the cores: `together` runs it on all of them, `apart` on one engine's share beside other passes. */
export type Mode = 'together' | 'apart';

/** A core reads all weights in the time that it takes to compute this many tokens, whatever the model's size. */
const TOKENS_PER_READ = 16;
/** Share of the newest pass in the moving average. */
const NEWEST_SHARE = 0.25;
/** Age at which a measurement no longer counts, as a machine's speed changes. Milliseconds. */
const MAX_AGE = 5000;
/** A machine that was slow when it was last observed may be this many times faster now. */
const OLD_DOUBT = 5;
/** Speed assumed before the first pass, when there is nothing to compare a prediction with. Milliseconds per token. */
const INITIAL_SPEED = 1;

interface Measurement {
  /** Milliseconds that one core takes for one token. */
  readonly perToken: number;
  /** Milliseconds on the clock of performance.now(). */
  readonly at: number;
}

/** A mode that was not observed lately is taken to be as fast per token as the mode that was observed last. */
export class LatencyModel {
  readonly #engines: number;
  readonly #measured: Partial<Record<Mode, Measurement>> = {};
  #last: Measurement | undefined;

  /** `engines` is the number of engines that share the cores. */
  constructor(engines: number) {
    this.#engines = engines;
  }

  /**
   * By what factor passes may take less time than predicted: 1 where one was observed lately, more where the machine may
   * have become faster meanwhile, and infinite before the first pass.
   */
  doubt(now: number): number {
    if (!this.#last) return Number.POSITIVE_INFINITY;
    return now - this.#last.at < MAX_AGE ? 1 : OLD_DOUBT;
  }

  /** Returns the milliseconds that a pass of this many tokens is expected to take. */
  predict(mode: Mode, tokens: number, now: number): number {
    const perToken = (this.#recent(mode, now) ?? this.#last)?.perToken ?? INITIAL_SPEED;
    return perToken * this.#tokensPerCore(mode, tokens);
  }

  /** Learns from a pass of this many tokens that took so many milliseconds. */
  observe(mode: Mode, tokens: number, milliseconds: number, now: number): void {
    const perToken = milliseconds / this.#tokensPerCore(mode, tokens);
    const before = this.#recent(mode, now)?.perToken ?? perToken;
    this.#last = { perToken: before + NEWEST_SHARE * (perToken - before), at: now };
    this.#measured[mode] = this.#last;
  }

  #recent(mode: Mode, now: number): Measurement | undefined {
    const measured = this.#measured[mode];
    return measured && now - measured.at < MAX_AGE ? measured : undefined;
  }

  /** Work of one core, in tokens. Every core reads all weights; in a pass on all cores they share the tokens. */
  #tokensPerCore(mode: Mode, tokens: number): number {
    return TOKENS_PER_READ + (mode === 'together' ? tokens / this.#engines : tokens);
  }
}
