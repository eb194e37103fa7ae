// How latency grows from one replica to a thousand: the scheduler of the service in virtual time, with the forward passes
// that were measured on this machine, behind load balancers of three kinds.
// usage: npx tsx bench/scaleOut.ts DATA.jsonl [--precision NAME] [--texts 400]
//
// Every replica is a real Scheduler. Its engines take as long as a measured pass of as many tokens did, drawn from all
// that were measured. What happens outside the engine (HTTP, tokenising, the network) takes no time here.

import { basename } from 'node:path';
import { program } from 'commander';
import { wholeNumber } from '../dist/commands/options.js';
import type { Sequence } from '../dist/engine/sequence.js';
import { Scheduler } from '../dist/scheduler/scheduler.js';
import { CLASSIFIER } from './models.ts';
import { dataArgument, precisionOption } from './options.ts';
import { measurePasses, type PassTimes } from './passTimes.ts';
import { emit, emitSummary, MACHINE, printTable } from './report.ts';
import { cycle, readTexts } from './texts.ts';
import { VirtualTime } from './virtualTime.ts';

const BENCH = 'scaleOut';
const REPLICAS = [1, 10, 100, 1000];
/** Shares of the capacity of all replicas together. */
const LOADS = [0.7, 0.9];
/** The share of a run's texts that is not counted, because the queues are still filling. */
const WARMUP_SHARE = 0.3;
/** The fewest texts of a run, so that a p99 has a hundred texts above it. */
const MIN_TEXTS = 15_000;
/** Requests in flight with which the capacity of a replica is found. */
const IN_FLIGHT = 64;
/** Texts with which the capacity is found. */
const CAPACITY_TEXTS = 5000;
/** The queue never refuses. */
const UNLIMITED = 1e9;
const MODEL = 'model';
const NO_LOGITS = new Float32Array(0);

program
  .addArgument(dataArgument())
  .addOption(precisionOption())
  .option('--texts <n>', 'texts for each replica of a run', wholeNumber(100), 400)
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ precision?: string; texts: number }>();

const passes = await measurePasses(CLASSIFIER, readTexts(data), options.precision);
const time = new VirtualTime();

/** Chooses the replica that gets the next text. `open` has the number of texts that each one has not answered. */
type Balancer = (open: Int32Array) => number;

const anyOf = (count: number) => Math.floor(Math.random() * count);

const BALANCERS: Readonly<Record<string, () => Balancer>> = {
  random: () => open => anyOf(open.length),
  'round robin': () => {
    let next = 0;
    return open => next++ % open.length;
  },
  'the less busy of two': () => open => {
    const [a, b] = [anyOf(open.length), anyOf(open.length)];
    return open[a]! <= open[b]! ? a : b;
  },
};

const capacity = await capacityOfOne(passes);
emit(BENCH, { step: 'capacity', texts_per_second: capacity });
const rows: string[][] = [];
for (const load of LOADS) {
  for (const [balancer, open] of Object.entries(BALANCERS)) {
    for (const replicas of REPLICAS) {
      const rate = load * capacity * replicas;
      const latencies = await run(replicas, rate, open());
      const [p50, p99] = [0.5, 0.99].map(q => latencies[Math.floor(q * latencies.length)]!);
      emit(BENCH, { step: 'run', load, balancer, replicas, rate, texts: latencies.length, p50, p99 });
      rows.push([`${load * 100}%`, balancer, String(replicas), p50!.toFixed(0), p99!.toFixed(0)]);
    }
  }
}
emitSummary(BENCH, { data: basename(data), precision: options.precision ?? 'recipe’s', capacity });
process.stderr.write(`${MACHINE}; a replica answers ${capacity.toFixed(0)} texts/s\n`);
printTable([['load', 'balancer', 'replicas', 'p50, ms', 'p99, ms'], ...rows]);

/** The texts a second that one replica answers with IN_FLIGHT of them at a time. */
async function capacityOfOne(passes: PassTimes): Promise<number> {
  const scheduler = replica(passes);
  const next = cycle(passes.sequences);
  let left = CAPACITY_TEXTS;
  const started = time.now;
  const worker = async () => {
    while (left-- > 0) await scheduler.submit(submission(next()));
  };
  const workers = Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  await time.runUntilIdle();
  await workers;
  return (CAPACITY_TEXTS / (time.now - started)) * 1000;
}

/** Texts that arrive at random at `rate` a second. Resolves to their latencies in milliseconds, sorted. */
async function run(replicas: number, rate: number, choose: Balancer): Promise<Float64Array> {
  const schedulers = Array.from({ length: replicas }, () => replica(passes));
  const open = new Int32Array(replicas);
  const texts = Math.max(MIN_TEXTS, options.texts * replicas);
  const counted = Math.floor(texts * (1 - WARMUP_SHARE));
  const latencies = new Float64Array(counted);
  const answer = async (index: number) => {
    const chosen = choose(open);
    const started = time.now;
    open[chosen]!++;
    await schedulers[chosen]!.submit(submission(passes.sequences[anyOf(passes.sequences.length)]!));
    open[chosen]!--;
    const place = index - (texts - counted);
    if (place >= 0) latencies[place] = time.now - started;
  };
  let arrived = 0;
  const arrive = () => {
    void answer(arrived++);
    if (arrived < texts) time.after((-Math.log(1 - Math.random()) / rate) * 1000, arrive);
  };
  time.after(0, arrive);
  await time.runUntilIdle();
  return latencies.sort();
}

function replica(passes: PassTimes): Scheduler {
  const slots = ['all', ...Array.from({ length: passes.engines }, (_, engine) => engine)] as const;
  /** When each slot has run what was sent to it: a process runs one pass after another. */
  const freeAt = new Map<'all' | number, number>();
  const engines = {
    slots: () => slots,
    isUp: () => true,
    downFor: () => undefined,
    on() {},
    // Its texts are short.
    takesChunks: () => false,
    runChunk: () => Promise.reject(new Error('expected no long sequence, found one')),
    async forget() {},
    async run(_model: string, sequences: readonly Sequence[], slot: 'all' | number) {
      const milliseconds = passes.draw(slot === 'all' ? 'together' : 'apart', sequences);
      const end = Math.max(time.now, freeAt.get(slot) ?? 0) + milliseconds;
      freeAt.set(slot, end);
      await time.sleep(end - time.now);
      return { logits: sequences.map(() => NO_LOGITS), seconds: milliseconds / 1000 };
    },
  };
  return new Scheduler(engines, { batchTokens: passes.batchTokens, queueTokens: UNLIMITED });
}

function submission(sequence: Sequence) {
  return { model: MODEL, sequences: [sequence], deadline: Number.POSITIVE_INFINITY };
}
