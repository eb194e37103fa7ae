// Bars at the bottom of a terminal, one for each piece of work. Other lines appear above them.

import { createLogUpdate } from 'log-update';
import { paceOf, percent, type View, type Work } from './work.js';

/** The stream of a terminal, such as process.stderr. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** Work gets a bar only after this, so that work which ends at once does not flicker. Milliseconds. */
const QUIET_MS = 300;
/** Characters of a bar. */
const WIDTH = 24;

export class Bars {
  readonly #terminal: Required<Terminal>;
  /** Writes lines over those that it wrote last. */
  readonly #rewrite: ReturnType<typeof createLogUpdate>;
  /** The bars on the screen, a line each. */
  #drawn = '';

  constructor(terminal: Terminal) {
    this.#terminal = withSize(terminal);
    this.#rewrite = createLogUpdate(this.#terminal as NodeJS.WriteStream, { showCursor: true });
  }

  /** Writes whole lines of text, each of which ends with \n, above the bars. */
  print(lines: string): void {
    if (this.#drawn !== '') this.#rewrite.clear();
    this.#terminal.write(lines);
    if (this.#drawn !== '') this.#rewrite(this.#drawn);
  }

  readonly view: View = (works, now) => {
    const shown = works.filter(({ started }) => now - started >= QUIET_MS);
    const names = Math.max(...shown.map(({ name }) => name.length));
    const stages = Math.max(...shown.map(({ stage }) => stage.length));
    const bars = shown.map(work =>
      [
        work.name.padEnd(names),
        work.stage.padEnd(stages),
        barOf(work),
        ...paceOf(work, now),
        work.detail ?? '',
      ]
        .join('  ')
        .trimEnd(),
    );
    // Each bar has one line, and as many are drawn as the terminal has lines.
    const { columns, rows } = this.#terminal;
    const fitting = bars.slice(0, rows - 1).map(bar => bar.slice(0, columns - 1));
    const drawn = fitting.join('\n');
    if (drawn !== '') this.#rewrite(drawn);
    else if (this.#drawn !== '') this.#rewrite.clear();
    this.#drawn = drawn;
  };
}

/**
 * The terminal, which is 80 by 24 if it does not tell its size. A pseudo-terminal whose size nobody has set says 0 by 0,
 * and log-update writes nothing to a terminal of 0 rows.
 */
function withSize(terminal: Terminal): Required<Terminal> {
  return {
    isTTY: terminal.isTTY === true,
    write: text => terminal.write(text),
    get columns() {
      return terminal.columns || 80;
    },
    get rows() {
      return terminal.rows || 24;
    },
  };
}

/** The count alone, where the total is not known. */
function barOf({ done, total, unit }: Work): string {
  if (total === undefined) return `${done} ${unit ?? ''}`.trimEnd();
  const share = percent(done, total);
  const filled = Math.floor((share * WIDTH) / 100);
  return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${String(share).padStart(3)}%`;
}
