// Progress on standard error: a bar for each piece of work on a terminal, plain lines elsewhere.

import { Bars } from './bars.js';
import { percent, type View, type Work } from './work.js';

/** Between two ticks of a view, in milliseconds. */
const TICK_MS = 100;

export class Progress {
  readonly #view: View;
  readonly #works = new Map<string, Work>();
  #ticking: NodeJS.Timeout | undefined;

  constructor(view: View) {
    this.#view = view;
  }

  /** Tells how far the work `name` is. The first call of a name begins its work. */
  update(name: string, { stage, done, total }: Pick<Work, 'stage' | 'done' | 'total'>): void {
    const now = performance.now();
    const work = this.#works.get(name) ?? { name, started: now, stage, stageStarted: now, done, total };
    const stageStarted = work.stage === stage ? work.stageStarted : now;
    this.#works.set(name, Object.assign(work, { stage, stageStarted, done, total }));
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
  if (stderr.isTTY) return new Progress(new Bars(stderr).view);
  const lines = linesView(({ name, stage, done, total }) => {
    stderr.write(`${name}: ${stage} ${percent(done, total)}%\n`);
  });
  return new Progress(lines);
}

/** Work that takes less than this is not told of in lines. Milliseconds. */
const QUIET_MS = 2000;
/** Between two lines about the same work. Milliseconds. */
const LINE_MS = 5000;

/** A view that writes a line about each piece of work now and then. */
export function linesView(writeLine: (work: Readonly<Work>) => void): View {
  const lastLines = new WeakMap<Readonly<Work>, number>();
  return (works, now) => {
    for (const work of works) {
      const last = lastLines.get(work);
      const due = last === undefined ? work.started + QUIET_MS : last + LINE_MS;
      if (now < due) continue;
      lastLines.set(work, now);
      writeLine(work);
    }
  };
}
