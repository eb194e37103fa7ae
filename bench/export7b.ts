// What an export costs against what it cannot avoid: copying the base's bytes, and numpy's B A of every module.
// Each round starts every step alike and takes them in turn, so that a machine whose speed drifts drifts for all.
// One JSON line a step on standard output, a summary on standard error.
// usage: npx tsx bench/export7b.ts CHECKPOINT WORK [--rounds 2] [--python PATH] [--cli FILE]

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { program } from 'commander';
import { type PeakMemory, watchMemory } from './memory.ts';

interface Result {
  readonly step: string;
  /** Wall time until the command ended. */
  readonly seconds: number;
  /** Time after that until all it wrote was on disk. */
  readonly syncSeconds: number;
  readonly memory?: PeakMemory;
}

const EXPORTS = [
  { step: 'float16', flags: ['--precision', 'float16', '--no-verify'] },
  { step: 'float32', flags: ['--precision', 'float32', '--no-verify'] },
  { step: 'float16 verified', flags: ['--precision', 'float16'] },
  { step: 'float32 verified', flags: ['--precision', 'float32'] },
];
/** A virtual machine may hand freed memory to its host, within some ten seconds; to use it again costs more. */
const SETTLE_MS = 15_000;

program
  .description('measures exports of a checkpoint that checkpoint7b.ts wrote')
  .argument('<checkpoint>', 'the folder with base/ and adapter/')
  .argument('<work>', 'an existing folder on the same disk, to write into and clean up')
  .option('--rounds <n>', 'how often everything is measured', Number, 2)
  .option('--python <path>', 'a Python that has numpy', 'python3')
  .option('--cli <file>', 'the lsllama to measure', fileURLToPath(new URL('../dist/cli.js', import.meta.url)))
  .parse();
const [checkpoint, workplace] = program.args as [string, string];
const { rounds, python, cli } = program.opts<{ rounds: number; python: string; cli: string }>();
if (!Number.isInteger(rounds) || rounds < 1) program.error('error: --rounds: expected a whole number from 1');
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
  tell({ cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), node: process.version, baseBytes });
  for (let round = 0; round < rounds; round++) {
    await measure('cp', () => run('cp', ['-r', '--reflink=never', base, join(work, 'copy')]));
    await measure('numpy', products);
    for (const { step, flags } of EXPORTS) await measure(step, () => exportBase(flags));
  }
  summarise();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** An export at float32 is twice the base's bytes; it is the largest thing there is at one time. */
function checkDisk(): void {
  if (statSync(workplace).dev !== statSync(base).dev) {
    program.error(`error: ${workplace}: expected a folder on the disk of ${base}`);
  }
  const { bavail, bsize } = statfsSync(workplace);
  const needed = 2.05 * baseBytes;
  if (bavail * bsize < needed) {
    program.error(
      `error: ${workplace}: an export needs ${gigabytes(needed)}, its disk has ${gigabytes(bavail * bsize)} free`,
    );
  }
}

/** One step from equal conditions; what it wrote is removed. */
async function measure(
  step: string,
  act: () => Promise<Omit<Result, 'step' | 'syncSeconds'>>,
): Promise<void> {
  await startAlike();
  const result = await act();
  const started = performance.now();
  await run('sync', ['--file-system', work]);
  results.push({ step, ...result, syncSeconds: secondsSince(started) });
  tell(results.at(-1)!);
  for (const name of readdirSync(work)) rmSync(join(work, name), { recursive: true });
}

/** Nothing waits to be written, nothing of the checkpoint is in the page cache, freed memory has settled. */
async function startAlike(): Promise<void> {
  await run('sync', ['--file-system', work]);
  for (const file of files) await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  await sleep(SETTLE_MS, undefined, { signal: stop.signal });
}

/** Times numpy's products alone, not the start of Python. */
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
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const of = (step: string) => results.filter(result => result.step === step);
  say(`${'seconds'.padEnd(18)}median  each round (and until it is on disk)`);
  for (const step of new Set(results.map(result => result.step))) {
    const each = of(step).map(
      ({ seconds, syncSeconds }) => `${seconds.toFixed(1)} (+${syncSeconds.toFixed(1)})`,
    );
    say(
      `${step.padEnd(18)}${median(of(step).map(({ seconds }) => seconds))
        .toFixed(1)
        .padStart(6)}  ${each.join(', ')}`,
    );
  }
  say('peak MB           resident  without files  anonymous  files  tree resident  tree anonymous');
  for (const { step } of EXPORTS) {
    const cell = (key: keyof PeakMemory, width: number) =>
      Math.round(Math.max(...of(step).map(({ memory }) => memory![key])) / 1e6)
        .toString()
        .padStart(width);
    say(
      step.padEnd(18) +
        cell('resident', 8) +
        cell('residentWithoutFiles', 15) +
        cell('anonymous', 11) +
        cell('files', 7) +
        cell('treeResident', 15) +
        cell('treeAnonymous', 16),
    );
  }
  const ratios = of('float16').map(
    ({ seconds }, round) => seconds / (of('cp')[round]!.seconds + of('numpy')[round]!.seconds),
  );
  say(
    `float16 export / (cp + numpy): ${median(ratios).toFixed(2)} (${ratios.map(ratio => ratio.toFixed(2)).join(', ')})`,
  );
  tell({ ratio: median(ratios), ratios });
}

function tell(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** The mean of the two in the middle where their number is even. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
