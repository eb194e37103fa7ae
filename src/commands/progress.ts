// Progress on standard error: a bar on a terminal, plain lines elsewhere, nothing for what is quick.

import cliProgress from 'cli-progress';

/** What takes less than this needs no progress. Milliseconds. */
const QUIET_MS = 2000;
/** Between two plain lines. Milliseconds. */
const LINE_MS = 5000;

export interface Progress {
  update(done: number, total: number): void;
  end(): void;
}

export function startProgress(what: string): Progress {
  return process.stderr.isTTY ? barProgress(what) : lineProgress(what);
}

function barProgress(what: string): Progress {
  const started = performance.now();
  const bar = new cliProgress.SingleBar(
    {
      format: `${what} {bar} {percentage}% {eta_formatted}`,
      stream: process.stderr,
      hideCursor: true,
    },
    cliProgress.Presets.shades_classic,
  );
  let showing = false;
  return {
    update(done, total) {
      if (!showing && performance.now() - started < QUIET_MS / 4) return;
      if (!showing) bar.start(total, done);
      else bar.update(done);
      showing = true;
    },
    end() {
      if (showing) bar.stop();
    },
  };
}

function lineProgress(what: string): Progress {
  let last = performance.now() - LINE_MS + QUIET_MS;
  return {
    update(done, total) {
      if (performance.now() - last < LINE_MS) return;
      last = performance.now();
      process.stderr.write(`${what}: ${Math.floor((100 * done) / total)}%\n`);
    },
    end() {},
  };
}
