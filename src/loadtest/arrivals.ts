// When the requests of an open loop are due.

/**
 * Yields the times at which requests are due, in milliseconds from the start: a Poisson process, whose gaps are
 * exponential, as those of many independent callers are. `rate` is in requests per second. It never ends.
 */
export function* poissonArrivals(rate: number, random: () => number = Math.random): Generator<number> {
  for (let time = 0; ; time += (-Math.log(1 - random()) / rate) * 1000) yield time;
}
