// A piece of work whose progress is shown.

/** A piece of work that has begun and not ended. Times are in milliseconds on the clock of performance.now(). */
export interface Work {
  readonly name: string;
  readonly started: number;
  stage: string;
  stageStarted: number;
  /** What was done when the stage began to be shown, such as in an earlier run that is resumed. */
  stageDone: number;
  done: number;
  /** Undefined where it is not known. */
  total: number | undefined;
  /** What is counted, in the plural, where its rate is of interest. */
  unit?: string | undefined;
  /** A figure that is shown behind the pace, such as the loss of a training. */
  detail?: string | undefined;
}

/** Shows all work that is under way. It is called at every tick, and when work ends. */
export type View = (works: readonly Readonly<Work>[], now: number) => void;

/** A share in whole per cent. It is rounded down, so that 100 stands for the end. */
export function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((100 * done) / total);
}

/** A stage of fewer parts than this is not estimated, because its parts take different times. */
const FEWEST_PARTS = 10;
/** The time that a stage needs before its pace is told. Milliseconds. */
const ESTIMATE_MS = 1000;

/** The pace of the stage so far, such as `340 texts/s`, and the time that is left at it. Nothing where that would be a guess. */
export function paceOf(
  { done, total, unit, stageStarted, stageDone }: Readonly<Work>,
  now: number,
): string[] {
  const elapsed = now - stageStarted;
  const ran = done - stageDone;
  if (ran === 0 || elapsed < ESTIMATE_MS) return [];
  const rate = (1000 * ran) / elapsed;
  const pace = unit === undefined ? [] : [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)} ${unit}/s`];
  if (total === undefined || total < FEWEST_PARTS) return pace;
  const seconds = Math.ceil((total - done) / rate);
  return [...pace, seconds < 100 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`];
}
