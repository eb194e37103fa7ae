// Divides the waiting sequences among the engines so that all of them are done as early as possible.

export interface Spread {
  /** Tokens for each engine's next pass. */
  readonly shares: readonly number[];
  /** Milliseconds from now until the last engine is done. */
  readonly doneIn: number;
}

/**
 * Gives each sequence in turn to the engine that would be the first to finish it.
 * `lengths` holds the tokens of each sequence, `freeIn` the milliseconds until each engine can start its next pass;
 * `passTime` returns the milliseconds that a pass of so many tokens takes.
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
