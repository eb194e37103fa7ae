// lsllama bench: a load test of a running service, with real texts.

import { type Command, Option } from 'commander';
import { UserError } from '../errors.js';
import {
  type Latency,
  type LoadTestOptions,
  type LoadTestReport,
  runLoadTest,
  type Send,
} from '../loadtest/loadTest.js';
import { at, exampleOf, readObjects, textOf } from './jsonl.js';
import { httpUrl, positiveNumber, wholeNumber } from './options.js';
import { startProgress } from './progress.js';

interface BenchFlags extends LoadTestOptions {
  readonly perRequest: number;
  readonly timeoutMs?: number;
  readonly model?: string;
  readonly apiKey?: string;
  readonly json?: true;
}

export function configure(command: Command): void {
  command
    .argument('<url>', 'the route: http://127.0.0.1:8080/classify or …/ner', httpUrl)
    .argument('<data>', 'a JSON lines file with "text" or "tokens", - for standard input')
    .addOption(new Option('--concurrency <n>', 'requests in flight').default(64).argParser(wholeNumber(1)))
    .addOption(
      new Option('--rate <n>', 'requests per second at random intervals, instead of --concurrency')
        .argParser(positiveNumber)
        .conflicts('concurrency'),
    )
    .addOption(new Option('--seconds <n>', 'seconds to measure').default(20).argParser(positiveNumber))
    .addOption(
      new Option('--warmup <n>', 'seconds of load before measuring').default(3).argParser(positiveNumber),
    )
    .addOption(new Option('--per-request <n>', 'texts in each request').default(1).argParser(wholeNumber(1)))
    .addOption(
      new Option('--timeout-ms <n>', 'the deadline that each request asks for, in milliseconds').argParser(
        wholeNumber(1),
      ),
    )
    .option('--model <name>', 'the model to ask, if several serve the route')
    .addOption(new Option('--api-key <key>', 'a key to send as the bearer token').env('LSLLAMA_API_KEY'))
    .option('--json', 'print the report as JSON')
    .action(async (url: string, data: string, flags: BenchFlags) => {
      const send = sender(url, await readTexts(data), flags);
      const endProgress = showProgress(flags);
      const report = await runLoadTest(send, flags).finally(endProgress);
      const texts = report.requests_per_second * flags.perRequest;
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ ...report, texts_per_second: texts })}\n`
          : reportText(report, texts),
      );
      if (report.requests === 0) process.exitCode = 1;
    });
}

async function readTexts(path: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { where, json } of readObjects(path)) texts.push(at(where, () => textOf(exampleOf(json))));
  if (texts.length === 0) throw new UserError(`${path}: expected JSON lines, found none`);
  return texts;
}

/** Each request takes the next texts of the data, which starts again at its end. */
function sender(
  url: string,
  texts: readonly string[],
  { perRequest, model, timeoutMs, apiKey }: BenchFlags,
): Send {
  let next = 0;
  const headers = {
    'content-type': 'application/json',
    ...(apiKey && { authorization: `Bearer ${apiKey}` }),
  };
  return async () => {
    const inputs = Array.from({ length: perRequest }, () => texts[next++ % texts.length]);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ inputs, model, timeout_ms: timeoutMs }),
      });
      await response.arrayBuffer();
      return response.ok ? 'ok' : String(response.status);
    } catch (error) {
      return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).name;
    }
  };
}

/** Shows how much of the load test's time is over, until the returned function is called. */
function showProgress({ warmup, seconds }: LoadTestOptions): () => void {
  const name = 'load test';
  const progress = startProgress();
  const started = performance.now();
  const update = () => {
    const measured = (performance.now() - started) / 1000 - warmup;
    progress.update(
      name,
      measured < 0
        ? { stage: 'warming up', done: measured + warmup, total: warmup }
        : { stage: 'measuring', done: Math.min(measured, seconds), total: seconds },
    );
  };
  update();
  const ticking = setInterval(update, 100);
  return () => {
    clearInterval(ticking);
    progress.end(name);
  };
}

function reportText(
  { requests, requests_per_second, latency, errors, error_latency }: LoadTestReport,
  texts: number,
): string {
  const failures = Object.entries(errors).map(
    ([name, count]) => `errors      ${count} ${name}, latency ms ${latencyText(error_latency[name]!)}`,
  );
  return [
    `requests    ${requests}, ${requests_per_second.toFixed(1)} a second`,
    `texts       ${texts.toFixed(1)} a second`,
    `latency ms  ${latencyText(latency)}`,
    ...(failures.length === 0 ? ['errors      none'] : failures),
    '',
  ].join('\n');
}

function latencyText({ p50, p90, p99, max }: Latency): string {
  return `p50 ${p50.toFixed(1)}  p90 ${p90.toFixed(1)}  p99 ${p99.toFixed(1)}  max ${max.toFixed(1)}`;
}
