// Load on an HTTP service: closed loop (so many in flight) or open loop (so many a second, come what may).

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadOptions {
  /** Seconds that count. */
  readonly seconds: number;
  /** Seconds before them that do not. */
  readonly warmup: number;
  /** Requests in flight; ignored where there is a rate. */
  readonly concurrency: number;
  /** Requests a second, at random intervals (Poisson). */
  readonly rate?: number | undefined;
}

export interface LoadReport {
  /** Answered, of those sent within the counted seconds. */
  readonly requests: number;
  /** Answered within the counted seconds, a second. */
  readonly requests_per_second: number;
  /** Milliseconds. */
  readonly latency: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  /** What went wrong, by status or error name, how often. */
  readonly errors: Record<string, number>;
}

/** Sends one request; its outcome is `ok`, or what to count it under. */
export type Send = () => Promise<string>;

/** Microseconds: fine enough for a forward pass, a day at most. */
const MICROSECONDS = { lowest: 1, highest: 86_400_000_000, figures: 4 };

/** Runs the load for warmup + seconds, and waits for the last answers. */
export async function runLoad(send: Send, options: LoadOptions): Promise<LoadReport> {
  const starts = performance.now() + options.warmup * 1000;
  const ends = starts + options.seconds * 1000;
  const latencies = createHistogram(MICROSECONDS);
  const errors: Record<string, number> = {};
  let answered = 0;
  const one = async () => {
    const sent = performance.now();
    const outcome = await send();
    const done = performance.now();
    // What the service did in these seconds, whenever it was asked for.
    if (outcome === 'ok' && done >= starts && done <= ends) answered++;
    if (sent < starts || sent > ends) return;
    if (outcome === 'ok') latencies.record(Math.max(1, Math.round((done - sent) * 1000)));
    else errors[outcome] = (errors[outcome] ?? 0) + 1;
  };
  if (options.rate === undefined) await closedLoop(one, options.concurrency, ends);
  else await openLoop(one, options.rate, ends);
  return {
    requests: latencies.count,
    requests_per_second: answered / options.seconds,
    latency: milliseconds(latencies),
    errors,
  };
}

async function closedLoop(one: () => Promise<void>, concurrency: number, ends: number): Promise<void> {
  const worker = async () => {
    while (performance.now() < ends) await one();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Arrivals do not wait for answers, so a slow service shows in the latencies instead of slowing the load. */
async function openLoop(one: () => Promise<void>, rate: number, ends: number): Promise<void> {
  const running = new Set<Promise<void>>();
  for (let next = performance.now(); next < ends; next += (-Math.log(1 - Math.random()) / rate) * 1000) {
    await sleep(Math.max(0, next - performance.now()));
    const request = one().finally(() => running.delete(request));
    running.add(request);
  }
  await Promise.all(running);
}

function milliseconds(latencies: RecordableHistogram): LoadReport['latency'] {
  const at = (percentile: number) => (latencies.count === 0 ? 0 : latencies.percentile(percentile) / 1000);
  return { p50: at(50), p90: at(90), p99: at(99), max: latencies.count === 0 ? 0 : latencies.max / 1000 };
}
