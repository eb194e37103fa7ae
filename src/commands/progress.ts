// Progress on standard error: a bar for each piece of work on a terminal, plain lines elsewhere.

import { Bars } from './bars.js';
import { paceOf, percent, type View, type Work } from './work.js';

/** Between two ticks of a view, in milliseconds. */
const TICK_MS = 100;

export class Progress {
  readonly #view: View;
  readonly #print: (lines: string) => unknown;
  readonly #works = new Map<string, Work>();
  #ticking: NodeJS.Timeout | undefined;

  /** `print` writes whole lines that stay, each of which ends with \n. */
  constructor(view: View, print = (lines: string): unknown => process.stderr.write(lines)) {
    this.#view = view;
    this.#print = print;
  }

  /** Writes whole lines that stay, beside the progress. */
  print(lines: string): void {
    this.#print(lines);
  }

  /** Tells how far the work `name` is. The first call of a name begins its work. */
  update(
    name: string,
    { stage, done, total, unit, detail }: Pick<Work, 'stage' | 'done' | 'total' | 'unit' | 'detail'>,
  ): void {
    const now = performance.now();
    const begun = { stage, stageStarted: now, stageDone: done };
    const work = this.#works.get(name) ?? { name, started: now, ...begun, done, total };
    this.#works.set(
      name,
      Object.assign(work, work.stage === stage ? {} : begun, { done, total, unit, detail }),
    );
    this.#ticking ??= setInterval(() => this.#show(), TICK_MS).unref();
  }

  /** Ends the work `name`, whether it is done or has failed. */
  end(name: string): void {
    if (!this.#works.delete(name)) return;
    this.#show();
    if (this.#works.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #show(): void {
    this.#view([...this.#works.values()], performance.now());
  }
}

/** The progress of a command that writes nothing else to standard error meanwhile. */
export function startProgress(): Progress {
  const { stderr } = process;
  if (stderr.isTTY) {
    const bars = new Bars(stderr);
    return new Progress(bars.view, lines => bars.print(lines));
  }
  return new Progress(linesView((work, now) => stderr.write(`${lineOf(work, now)}\n`)));
}

/** Such as `news: predicting 12%, 340 texts/s, 50 s left`. */
function lineOf(work: Readonly<Work>, now: number): string {
  const { name, stage, done, total, unit = '' } = work;
  const far = total === undefined ? `${done} ${unit}`.trimEnd() : `${percent(done, total)}%`;
  return [`${name}: ${stage} ${far}`, ...paceOf(work, now), ...(work.detail ? [work.detail] : [])].join(', ');
}

/** Work that takes less than this is not told of in lines. Milliseconds. */
const QUIET_MS = 2000;
/** Between two lines about the same work. Milliseconds. */
const LINE_MS = 5000;

/** A view that writes a line about each piece of work now and then. */
export function linesView(writeLine: (work: Readonly<Work>, now: number) => void): View {
  const lastLines = new WeakMap<Readonly<Work>, number>();
  return (works, now) => {
    for (const work of works) {
      const last = lastLines.get(work);
      const due = last === undefined ? work.started + QUIET_MS : last + LINE_MS;
      if (now < due) continue;
      lastLines.set(work, now);
      writeLine(work, now);
    }
  };
}
