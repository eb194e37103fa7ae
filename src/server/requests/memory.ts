// Memory that is set aside for the bodies of requests or answers, so that many at once cannot take all that the machine
// has.

import { unavailable } from '../../api/problem.js';

export class BodyMemory {
  readonly #max: number;
  readonly #alwaysFree: number;
  #held = 0;

  /**
   * `max` is for all bodies together, in bytes. Bodies of up to `alwaysFree` bytes are counted and never refused, so
   * that large ones cannot keep them out.
   */
  constructor(max: number, alwaysFree: number) {
    this.#max = max;
    this.#alwaysFree = alwaysFree;
  }

  /** Sets so many bytes aside. The function that is returned gives them back. Throws Problem 503 if there is no room. */
  reserve(bytes: number): () => void {
    if (bytes > this.#alwaysFree && this.#held + bytes > this.#max)
      throw unavailable('large requests and their answers fill the memory for them', 'memory');
    this.#held += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#held -= bytes;
      isHeld = false;
    };
  }
}
