// Which deadlines can be met. If all waiting work can be done by its deadlines at all, doing it in the order of the
// deadlines does that: https://doi.org/10.1145/321738.321743

/** Waiting work of one request. */
export interface Work {
  readonly model: string;
  readonly tokens: number;
  /** Milliseconds on the clock of performance.now(). */
  readonly deadline: number;
}

/** How fast the engines do waiting work. */
export interface Pace {
  /** Milliseconds on the clock of performance.now(). */
  readonly now: number;
  /** Milliseconds until the engines have done what they run now. */
  readonly startsIn: number;
  /** Milliseconds that each waiting token of a model takes while all engines are busy. */
  msPerToken(model: string): number;
  /** Milliseconds that a pass of this many tokens takes at the least, beside others. */
  passTime(model: string, tokens: number): number;
}

/** A deadline is at risk if it would be missed once the work before it takes this many times as long as predicted. */
const RISK_MARGIN = 1.15;

/**
 * The milliseconds by which deadlines would be missed if `next` was admitted and all work took `factor` times as long as
 * predicted: its own deadline, and those that would be met without it. Zero where all would be met. `waiting` is in the
 * order of deadlines.
 */
export function lateness(next: Work, waiting: Iterable<Work>, pace: Pace, factor: number): number {
  /** The milliseconds, zero or more, by which work that is predicted to be done in `done` milliseconds is late. */
  const overrun = (done: number, { deadline }: Work) => Math.max(0, done * factor - (deadline - pace.now));
  const own = millisecondsOf(next, pace);
  let done = pace.startsIn;
  let late = 0;
  let isCounted = false;
  for (const work of waiting) {
    if (!isCounted && work.deadline > next.deadline) {
      late = overrun(done + own, next);
      isCounted = true;
    }
    done += millisecondsOf(work, pace);
    if (isCounted && overrun(done, work) === 0) late = Math.max(late, overrun(done + own, work));
  }
  return isCounted ? late : overrun(done + own, next);
}

/**
 * The request with the earliest deadline, if a deadline is at risk; undefined if none is. A request that cannot be done
 * in time any more, not even alone, does not count. `waiting` is in the order of deadlines.
 */
export function mostUrgent<T extends Work>(waiting: Iterable<T>, pace: Pace): T | undefined {
  let first: T | undefined;
  let done = pace.startsIn;
  for (const work of waiting) {
    const own = millisecondsOf(work, pace);
    const left = work.deadline - pace.now;
    if (own > left) continue;
    first ??= work;
    done += own;
    if (done * RISK_MARGIN > left) return first;
  }
  return undefined;
}

/** The milliseconds that a request's work takes while all engines do nothing else. */
export function millisecondsOf({ model, tokens }: Work, pace: Pace): number {
  return tokens * pace.msPerToken(model);
}
