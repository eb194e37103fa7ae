// What waits, given to engines so that all of it is done as soon as it can be.

export interface Spread {
  /** Tokens for each engine's next pass. */
  readonly shares: readonly number[];
  /** Milliseconds from now until the last of them is done. */
  readonly doneIn: number;
}

/**
 * Gives sequences of `lengths` tokens, one after another, to the engine that would be done with it first. `freeIn`:
 * milliseconds until each engine takes its next pass; `passTime`: those that a pass of so many tokens takes it.
 */
export function spreadOver(
  lengths: readonly number[],
  freeIn: readonly number[],
  passTime: (tokens: number) => number,
): Spread {
  const shares = freeIn.map(() => 0);
  let doneIn = 0;
  for (const length of lengths) {
    const ends = shares.map((tokens, engine) => freeIn[engine]! + passTime(tokens + length));
    const soonest = ends.indexOf(Math.min(...ends));
    shares[soonest]! += length;
    doneIn = Math.max(doneIn, ends[soonest]!);
  }
  return { shares, doneIn };
}
