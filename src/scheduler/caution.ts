// How much slower than predicted the waiting work is taken to be when a request is admitted. It is learned from the
// deadlines that were met and missed, because predictions err more on a machine that other programs use as well.

/**
 * Passes differ, and sequences do not run exactly in the order of their deadlines. A lower factor admits little more:
 * what waits for half of a deadline of seconds keeps the engines as busy.
 */
const LEAST = 1.6;
const MOST = 4;
/** A missed deadline outweighs so many that were met: about one in 500 is missed where the machine is unsteady. */
const ON_MISS = 1.1;
const ON_MET = 0.9998;

export class Caution {
  #factor = LEAST;

  /** Waiting work is taken to last this many times as long as predicted. */
  get factor(): number {
    return this.#factor;
  }

  /** Learns that an admitted request was answered by its deadline. */
  met(): void {
    this.#factor = Math.max(LEAST, this.#factor * ON_MET);
  }

  /** Learns that an admitted request missed its deadline. */
  missed(): void {
    this.#factor = Math.min(MOST, this.#factor * ON_MISS);
  }
}
