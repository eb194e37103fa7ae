// lsllama bench: a load test of a running service, with real texts.

import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Client } from '../loadtest/client.js';
import { compare } from '../loadtest/compare.js';
import { type FailIf, parseFailIf } from '../loadtest/failIf.js';
import { htmlReport } from '../loadtest/htmlReport.js';
import { measure } from '../loadtest/measure.js';
import { requestTexts } from '../loadtest/requestTexts.js';
import { type Conditions, isSweep, type Result } from '../loadtest/result.js';
import { openShape, SHAPES, type ShapeName } from '../loadtest/shapes.js';
import { type Load, sweep } from '../loadtest/sweep.js';
import { textReport } from '../loadtest/textReport.js';
import { usableCores } from '../machine/cores.js';
import { VERSION } from '../version.js';
import { readRequests } from './benchmark/data.js';
import { showLive } from './benchmark/live.js';
import { readResult } from './benchmark/resultFile.js';
import { httpUrl, positiveNumber, wholeNumber } from './options.js';
import { checkWritable, writeWhole } from './outputFile.js';
import { alignedTable } from './table.js';

interface BenchFlags {
  readonly shape: ShapeName;
  readonly concurrency?: number;
  readonly rate?: number;
  readonly sweep?: true;
  readonly maxP99?: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly perRequest?: number;
  readonly repeatTexts?: true;
  readonly timeoutMs?: number;
  readonly model?: string;
  readonly apiKey?: string;
  readonly metricsUrl?: string;
  readonly failIf: readonly FailIf[];
  readonly json?: string | true;
  readonly html?: string;
}

/** Requests in flight of a closed loop, and the most of an open one, which has to be far from the usual. */
const CLOSED_LOOP = 64;
const OPEN_LOOP = 1024;
/** The exit code where a condition of --fail-if holds. */
const FAILED_CONDITION = 3;

export function configure(command: Command): void {
  command
    .argument('<url>', 'the route, such as http://127.0.0.1:8080/classify', httpUrl)
    .argument('<data>', 'a JSON lines file with "text", "tokens" or "inputs", - for standard input')
    .addOption(
      new Option(
        '--shape <name>',
        'how requests look: those of lsllama, Hugging Face, the Open Inference Protocol, vLLM or text-embeddings-inference',
      )
        .choices(SHAPES)
        .default('ours'),
    )
    .addOption(
      new Option(
        '--concurrency <n>',
        `requests in flight (default: ${CLOSED_LOOP}); with --rate the most (default: ${OPEN_LOOP})`,
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option(
        '--rate <n>',
        'requests per second at random intervals, whether or not earlier ones are answered',
      )
        .argParser(positiveNumber)
        .conflicts(['sweep', 'maxP99']),
    )
    .option('--sweep', 'find the greatest rate that the service keeps up with, by a search over rates')
    .addOption(
      new Option(
        '--max-p99 <ms>',
        'the longest p99 latency at which a rate of a sweep counts (default: a second, or 10 times the median of a request alone)',
      )
        .implies({ sweep: true })
        .argParser(positiveNumber),
    )
    .addOption(
      new Option('--seconds <n>', 'seconds to measure; of a sweep, each rate')
        .default(20)
        .argParser(positiveNumber),
    )
    .addOption(
      new Option('--warmup <n>', 'seconds of load before measuring').default(3).argParser(positiveNumber),
    )
    .addOption(
      new Option('--per-request <n>', 'texts in each request (default: 1)').argParser(wholeNumber(1)),
    )
    .option(
      '--repeat-texts',
      'send the texts as they are, without a random word before each that keeps caches from answering',
    )
    .addOption(
      new Option('--timeout-ms <n>', 'the deadline that each request asks for, in milliseconds').argParser(
        wholeNumber(1),
      ),
    )
    .option('--model <name>', 'the model to ask, if several serve the route')
    .addOption(new Option('--api-key <key>', 'a key to send as the bearer token').env('LSLLAMA_API_KEY'))
    .addOption(
      new Option('--metrics-url <url>', 'where the server shows its metrics (default: /metrics)').argParser(
        httpUrl,
      ),
    )
    .addOption(
      new Option(
        '--fail-if <condition>',
        `exit with ${FAILED_CONDITION} if it holds, such as p99>200ms or errors>0; may be repeated`,
      )
        .default([], 'none')
        .argParser(addFailIf),
    )
    .option('--json [file]', 'write the result as JSON to a file, or to standard output')
    .option('--html <file>', 'write a report with plots')
    .action(bench);
  command
    .command('compare')
    .description('compare two results of bench --json')
    .argument('<a>', 'a result')
    .argument('<b>', 'another one')
    .action(compareFiles);
}

async function bench(url: string, data: string, flags: BenchFlags): Promise<void> {
  const jsonFile = flags.json === true ? '-' : flags.json;
  for (const file of [jsonFile, flags.html]) if (file !== undefined && file !== '-') checkWritable(file);
  const requests = await readRequests(data, flags.perRequest);
  const result = await measured(url, requests, conditionsOf(url, data, requests, flags), flags);
  process.stdout.write(jsonFile === '-' ? `${JSON.stringify(result)}\n` : textReport(result, alignedTable));
  if (jsonFile !== undefined && jsonFile !== '-') writeWhole(jsonFile, `${JSON.stringify(result)}\n`);
  if (flags.html !== undefined) writeWhole(flags.html, htmlReport(result, alignedTable));
  judge(result, flags.failIf);
}

async function measured(
  url: string,
  requests: readonly (readonly string[])[],
  conditions: Conditions,
  flags: BenchFlags,
): Promise<Result> {
  const headers = flags.apiKey === undefined ? {} : { authorization: `Bearer ${flags.apiKey}` };
  const { model, timeoutMs, seconds, warmup } = flags;
  const shape = await openShape(flags.shape, { url: new URL(url), model, timeoutMs, headers });
  const client = new Client(shape, headers);
  const next = requestTexts(requests, conditions.unique_texts);
  const metrics = new URL(flags.metricsUrl ?? '/metrics', url);
  const under = async (load: Load) => {
    const live = showLive(nameOf(load), warmup, seconds);
    const options = { ...load, seconds, warmup, metrics, headers, onInterval: live.show };
    return measure(() => client.send(next()), options).finally(live.end);
  };
  const { concurrency, rate } = conditions;
  try {
    if (flags.sweep) return { ...(await sweep(under, { concurrency, maxP99: flags.maxP99 })), conditions };
    return { ...(await under({ concurrency, ...(rate !== null && { rate }) })), conditions };
  } finally {
    await client.close();
  }
}

function nameOf({ rate, concurrency }: Load): string {
  return rate === undefined ? `${concurrency} in flight` : `${rate.toFixed(1)}/s`;
}

function conditionsOf(
  url: string,
  data: string,
  requests: readonly (readonly string[])[],
  { sweep: isASweep, ...flags }: BenchFlags,
): Conditions {
  const texts = requests.flat();
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const { origin, pathname, search } = new URL(url);
  return {
    url: `${origin}${pathname}${search}`,
    shape: flags.shape,
    model: flags.model ?? null,
    load: isASweep ? 'sweep' : flags.rate === undefined ? 'closed loop' : 'open loop',
    concurrency: flags.concurrency ?? (flags.rate === undefined ? CLOSED_LOOP : OPEN_LOOP),
    rate: flags.rate ?? null,
    seconds: flags.seconds,
    warmup: flags.warmup,
    timeout_ms: flags.timeoutMs ?? null,
    data: basename(data),
    data_sha256: createHash('sha256').update(JSON.stringify(requests)).digest('hex'),
    texts_per_request: texts.length / requests.length,
    characters_per_text: Math.round(characters / texts.length),
    unique_texts: !flags.repeatTexts,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: usableCores(),
    node: process.versions.node,
    lsllama: VERSION,
    started: new Date().toISOString(),
  };
}

/** Sets the exit code: 1 where nothing was measured, 3 where a condition of --fail-if holds or cannot be judged. */
function judge(result: Result, conditions: readonly FailIf[]): void {
  for (const { text, check } of conditions) {
    const found = check(result);
    if (found === undefined) continue;
    process.stderr.write(`failed: ${text}, and ${found}\n`);
    process.exitCode = FAILED_CONDITION;
  }
  const problem = problemOf(result);
  if (problem === undefined) return;
  process.stderr.write(`error: ${problem}\n`);
  process.exitCode = 1;
}

/** Why there is no measurement, if there is none. */
function problemOf(result: Result): string | undefined {
  if (!isSweep(result)) {
    return result.stopped ?? (result.requests_per_second === 0 ? 'no request was answered' : undefined);
  }
  const stopped = [result.closed_loop, ...result.steps].find(report => report.stopped)?.stopped;
  return stopped ?? (result.capacity === null ? 'the service kept up with none of the rates' : undefined);
}

function compareFiles(a: string, b: string): void {
  const { rows, differences } = compare(readResult(a), readResult(b));
  process.stdout.write(alignedTable(rows));
  if (differences.length === 0) return;
  const lines = differences.map(difference => `  ${difference}\n`);
  process.stdout.write(`\nA and B were not measured under the same conditions:\n${lines.join('')}`);
}

function addFailIf(text: string, previous: readonly FailIf[]): FailIf[] {
  try {
    return [...previous, parseFailIf(text)];
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
