// A piece of work whose progress is shown.

/** A piece of work that has begun and not ended. Times are in milliseconds on the clock of performance.now(). */
export interface Work {
  readonly name: string;
  readonly started: number;
  stage: string;
  stageStarted: number;
  done: number;
  total: number;
}

/** Shows all work that is under way. It is called at every tick, and when work ends. */
export type View = (works: readonly Readonly<Work>[], now: number) => void;

/** A share in whole per cent. It is rounded down, so that 100 stands for the end. */
export function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((100 * done) / total);
}
