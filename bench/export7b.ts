// Time and memory of an export, beside the work that it cannot avoid: copying the base's bytes, and computing B A of
// every module, as numpy does it. Each round measures every step once, from equal conditions.
// usage: npx tsx bench/export7b.ts CHECKPOINT WORK [--rounds 2] [--python PATH] [--cli FILE]

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { program } from 'commander';
import { requireFree } from './disk.ts';
import { type PeakMemory, watchMemory } from './memory.ts';
import { roundsOption } from './options.ts';
import { emit, emitSummary, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';

const BENCH = 'export7b';

interface Result {
  readonly step: string;
  /** Time until the command ended. */
  readonly seconds: number;
  /** Further time until everything that it wrote was on disk. */
  readonly syncSeconds: number;
  readonly memory?: PeakMemory;
}

const EXPORTS = [
  { step: 'float16', flags: ['--precision', 'float16', '--no-verify'] },
  { step: 'float32', flags: ['--precision', 'float32', '--no-verify'] },
  { step: 'float16 verified', flags: ['--precision', 'float16'] },
  { step: 'float32 verified', flags: ['--precision', 'float32'] },
];
/** A virtual machine may return freed memory to its host within some ten seconds. Using it again then costs more. */
const SETTLE_MS = 15_000;

program
  .description('measure exports of a checkpoint that checkpoint.ts wrote')
  .argument('<checkpoint>', 'the folder with base/ and adapter/')
  .argument('<work>', 'an existing folder on the same disk for temporary files')
  .addOption(roundsOption(2))
  .option('--python <path>', 'a Python that has numpy', 'python3')
  .option('--cli <file>', 'the lsllama to measure', fileURLToPath(new URL('../dist/cli.js', import.meta.url)))
  .parse();
const [checkpoint, workplace] = program.args as [string, string];
const { rounds, python, cli } = program.opts<{ rounds: number; python: string; cli: string }>();
const base = join(checkpoint, 'base');
const adapter = join(checkpoint, 'adapter');
const files = [base, adapter].flatMap(folder => readdirSync(folder).map(name => join(folder, name)));
const baseBytes = readdirSync(base).reduce((sum, name) => sum + statSync(join(base, name)).size, 0);
checkDisk();

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
const work = mkdtempSync(join(workplace, 'export7b-'));
const results: Result[] = [];
try {
  emit(BENCH, { machine: MACHINE, memory: totalmem(), node: process.version, base_bytes: baseBytes });
  for (let round = 0; round < rounds; round++) {
    await measure('cp', () => run('cp', ['-r', '--reflink=never', base, join(work, 'copy')]));
    await measure('numpy', products);
    for (const { step, flags } of EXPORTS) await measure(step, () => exportBase(flags));
  }
  summarise();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** An export at float32 takes twice the base's bytes, and is the largest thing on the disk at any time. */
function checkDisk(): void {
  if (statSync(workplace).dev !== statSync(base).dev) {
    program.error(`error: ${workplace}: expected a folder on the disk of ${base}`);
  }
  requireFree(workplace, 2.05 * baseBytes);
}

/** Measures one step from equal conditions, and removes what it wrote. */
async function measure(
  step: string,
  act: () => Promise<Omit<Result, 'step' | 'syncSeconds'>>,
): Promise<void> {
  await makeConditionsEqual();
  const result = await act();
  const started = performance.now();
  await run('sync', ['--file-system', work]);
  results.push({ step, ...result, syncSeconds: secondsSince(started) });
  emit(BENCH, results.at(-1)!);
  for (const name of readdirSync(work)) rmSync(join(work, name), { recursive: true });
}

/** Writes pending data to disk, drops the checkpoint from the page cache, and waits until freed memory has settled. */
async function makeConditionsEqual(): Promise<void> {
  await run('sync', ['--file-system', work]);
  for (const file of files) await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  await sleep(SETTLE_MS, undefined, { signal: stop.signal });
}

/** The time of numpy's products alone, without the start of Python. */
async function products(): Promise<{ seconds: number }> {
  const script = fileURLToPath(new URL('products.py', import.meta.url));
  const { stdout } = await promisify(execFile)(
    python,
    [script, join(adapter, 'adapter_model.safetensors')],
    stop,
  );
  return { seconds: Number(stdout) };
}

function exportBase(flags: readonly string[]) {
  const folders = ['--base', base, '--adapter', adapter, '--out', join(work, 'model')];
  return run(process.execPath, [cli, 'export', ...folders, '--labels', 'a,b,c,d', ...flags]);
}

async function run(
  command: string,
  args: readonly string[],
): Promise<{ seconds: number; memory: PeakMemory }> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], signal: stop.signal });
  const peakMemory = watchMemory(child.pid!);
  try {
    const [code, signal] = await once(child, 'exit');
    if (code !== 0)
      throw new Error(`${command} ${args.join(' ')}: ended with ${signal ?? `exit code ${code}`}`);
    return { seconds: secondsSince(started), memory: peakMemory() };
  } finally {
    peakMemory();
  }
}

function summarise(): void {
  const of = (step: string) => results.filter(result => result.step === step);
  const seconds = (step: string) => of(step).map(result => result.seconds);
  printTable([
    ['seconds', 'median', 'each round (and until it is on disk)'],
    ...[...new Set(results.map(({ step }) => step))].map(step => [
      step,
      spread(seconds(step)).median.toFixed(1),
      of(step)
        .map(({ seconds, syncSeconds }) => `${seconds.toFixed(1)} (+${syncSeconds.toFixed(1)})`)
        .join(', '),
    ]),
  ]);
  const peak = (step: string, key: keyof PeakMemory) =>
    (Math.max(...of(step).map(({ memory }) => memory![key])) / 1e6).toFixed(0);
  printTable([
    ['peak MB', 'resident', 'without files', 'anonymous', 'files', 'tree resident', 'tree anonymous'],
    ...EXPORTS.map(({ step }) => [
      step,
      peak(step, 'resident'),
      peak(step, 'residentWithoutFiles'),
      peak(step, 'anonymous'),
      peak(step, 'files'),
      peak(step, 'treeResident'),
      peak(step, 'treeAnonymous'),
    ]),
  ]);
  const unavoidable = seconds('cp').map((copy, round) => copy + seconds('numpy')[round]!);
  const ratio = ratios(seconds('float16'), unavoidable);
  process.stderr.write(`float16 export / (cp + numpy): ${spreadText(ratio, 2)}\n`);
  emitSummary(BENCH, { float16_to_unavoidable: ratio });
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
