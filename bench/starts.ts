// How long `serve` takes until both shipped models are ready: with an empty cache, then from what that start left there.
// usage: npx tsx bench/starts.ts [--cli FILE] [--rounds 3]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from 'commander';
import { atEnd } from './children.ts';
import { ROOT, withTemporaryFolder } from './models.ts';
import { roundsOption } from './options.ts';
import { emit, emitSummary, printTable, spread, spreadText } from './report.ts';
import { listeningUrl } from './service.ts';

const BENCH = 'starts';
/** Between two questions whether the service is ready. Milliseconds. */
const POLL_MS = 20;
/** Later starts after each first one. */
const LATER = 3;

program
  .option('--cli <file>', 'the built command line to start', join(ROOT, 'dist/cli.js'))
  .addOption(roundsOption(3))
  .parse();
const { cli, rounds } = program.opts<{ cli: string; rounds: number }>();

const seconds: Record<'first' | 'later', number[]> = { first: [], later: [] };
for (let round = 1; round <= rounds; round++) {
  await withTemporaryFolder(async cache => {
    for (let start = 0; start <= LATER; start++) {
      const step = start === 0 ? 'first' : 'later';
      const times = await timeStart(cache);
      emit(BENCH, { step, round, ...times });
      seconds[step].push(times.ready);
    }
  });
}
const [first, later] = [spread(seconds.first), spread(seconds.later)];
emitSummary(BENCH, { first, later });
printTable([
  ['seconds until ready', 'median (range)'],
  ['first start', spreadText(first)],
  ['later start', spreadText(later, 2)],
]);

/** Seconds from the start of the command until the service listens, and until every model is ready. */
async function timeStart(cache: string): Promise<{ listening: number; ready: number }> {
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--cache', cache], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const cancel = atEnd(() => child.kill('SIGTERM'));
  const ended = once(child, 'exit');
  const url = await Promise.race([
    listeningUrl(child.stderr),
    ended.then(() => Promise.reject(new Error('the service ended before it listened'))),
  ]);
  const listening = since();
  while (!(await fetch(`${url}/health/ready`)).ok) await sleep(POLL_MS);
  const ready = since();
  child.kill('SIGTERM');
  await ended;
  cancel();
  return { listening, ready };
}
