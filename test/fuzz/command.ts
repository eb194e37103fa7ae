// npm run fuzz: damages files of every kind with a fresh seed, as often as it is asked to, and prints what it finds.
// Each finding is mended, and kept in test/fixtures/fuzz/cases.json.

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MAX_SECONDS } from './fuzzer.js';
import type { Report, Work } from './process.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    /** The first run, with which a finding is repeated: `--runs 1 --from N`. */
    from: { type: 'string', default: '0' },
  },
});
const [runs, seed, from] = [Number(values.runs), Number(values.seed), Number(values.from)];
const counts = { used: 0, refused: 0, findings: 0 };
let largestMemory = 0;
let next = from;
console.log(`seed ${seed}, runs ${from} to ${from + runs - 1}`);
while (next < from + runs) await damageInProcess();
console.log(
  `${runs} damaged files: ${counts.refused} refused, ${counts.used} used, ${counts.findings} findings; ` +
    `at most ${(largestMemory / 2 ** 20).toFixed(0)} MiB of memory`,
);
process.exitCode = counts.findings > 0 ? 1 : 0;

/** Runs in a process of their own, until it ends or a run hangs. `next` is then the first run that is not done. */
async function damageInProcess(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-fuzz-'));
  const child = fork(fileURLToPath(new URL('./process.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 60_000);
  let current = 'no run';
  child.send({ folder, seed, from: next, to: from + runs } satisfies Work);
  child.on('message', (report: Report) => {
    watchdog.refresh();
    switch (report.kind) {
      case 'started':
        current = report.text;
        break;
      case 'finding':
        counts.findings++;
        console.log(`FINDING run ${next}: ${report.text}`);
        next++;
        break;
      default:
        counts[report.kind]++;
        next++;
    }
    largestMemory = Math.max(largestMemory, report.memory);
    if (report.kind !== 'started' && next % 5000 === 0)
      console.log(`${next - from} runs, ${counts.findings} findings`);
  });
  const ending = await new Promise<string | undefined>(resolve => {
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  clearTimeout(watchdog);
  rmSync(folder, { recursive: true, force: true });
  if (ending === undefined) return;
  counts.findings++;
  console.log(
    `FINDING run ${next}: the process ended with ${ending} (SIGKILL: longer than ${MAX_SECONDS} s): ${current}`,
  );
  next++;
}
