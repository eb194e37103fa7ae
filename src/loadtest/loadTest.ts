// A load test: a closed loop keeps a number of requests in flight, an open loop sends a number of them per second.

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

export interface LoadTestOptions {
  /** Seconds of the measured period. */
  readonly seconds: number;
  /** Seconds of load before the measured period. */
  readonly warmup: number;
  /** Requests in flight. Ignored if there is a rate. */
  readonly concurrency: number;
  /** Requests per second, at random intervals (a Poisson process). */
  readonly rate?: number | undefined;
}

export interface LoadTestReport {
  /** Requests that were sent in the measured period and answered. */
  readonly requests: number;
  /** Answers per second that arrived in the measured period, whenever their requests were sent. */
  readonly requests_per_second: number;
  /** Of `requests`. */
  readonly latency: Latency;
  /** How many requests of the measured period failed, by HTTP status or error name. */
  readonly errors: Record<string, number>;
  /** How long the callers of failed requests waited, by HTTP status or error name. */
  readonly error_latency: Record<string, Latency>;
}

/** Percentiles of latencies, in milliseconds; zeros where there is none. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Sends one request. Resolves to `ok`, or to the name of the failure. */
export type Send = () => Promise<string>;

/** Latencies are recorded in microseconds, with four significant figures, up to a day. */
const HISTOGRAM = { lowest: 1, highest: 86_400_000_000, figures: 4 };

/** Sends requests for `warmup` and `seconds`, waits for the last answers, and reports on the measured period. */
export async function runLoadTest(send: Send, options: LoadTestOptions): Promise<LoadTestReport> {
  const starts = performance.now() + options.warmup * 1000;
  const ends = starts + options.seconds * 1000;
  /** Latencies by outcome. */
  const latencies = new Map<string, RecordableHistogram>();
  let answered = 0;
  const sendOne = async () => {
    const sent = performance.now();
    const outcome = await send();
    const done = performance.now();
    // Throughput counts an answer when it arrives. Latencies and errors count a request when it is sent.
    if (outcome === 'ok' && done >= starts && done <= ends) answered++;
    if (sent < starts || sent > ends) return;
    const histogram = latencies.get(outcome) ?? createHistogram(HISTOGRAM);
    latencies.set(outcome, histogram);
    histogram.record(Math.max(1, Math.round((done - sent) * 1000)));
  };
  if (options.rate === undefined) await closedLoop(sendOne, options.concurrency, ends);
  else await openLoop(sendOne, options.rate, ends);
  const ok = latencies.get('ok') ?? createHistogram(HISTOGRAM);
  const failures = [...latencies].filter(([outcome]) => outcome !== 'ok');
  return {
    requests: ok.count,
    requests_per_second: answered / options.seconds,
    latency: milliseconds(ok),
    errors: Object.fromEntries(failures.map(([reason, { count }]) => [reason, count])),
    error_latency: Object.fromEntries(failures.map(([reason, each]) => [reason, milliseconds(each)])),
  };
}

async function closedLoop(sendOne: () => Promise<void>, concurrency: number, ends: number): Promise<void> {
  const worker = async () => {
    while (performance.now() < ends) await sendOne();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Requests do not wait for earlier answers, so a slow service raises the latencies instead of lowering the load. */
async function openLoop(sendOne: () => Promise<void>, rate: number, ends: number): Promise<void> {
  const running = new Set<Promise<void>>();
  for (let next = performance.now(); next < ends; next += (-Math.log(1 - Math.random()) / rate) * 1000) {
    const wait = next - performance.now();
    // A timer waits for a millisecond at the least, which would limit the rate.
    await (wait > 1 ? sleep(wait) : setImmediate());
    const request = sendOne().finally(() => running.delete(request));
    running.add(request);
  }
  await Promise.all(running);
}

function milliseconds(latencies: RecordableHistogram): Latency {
  const at = (percentile: number) => (latencies.count === 0 ? 0 : latencies.percentile(percentile) / 1000);
  return { p50: at(50), p90: at(90), p99: at(99), max: latencies.count === 0 ? 0 : latencies.max / 1000 };
}
