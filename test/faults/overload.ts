// More load than the service can answer: what it goes on answering, how long callers wait, and what is refused how fast.

import { runLoadTest } from '../../dist/loadtest/loadTest.js';
import { failuresOf, type LoadTestReport } from '../../dist/loadtest/report.js';
import { stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { peakMemory } from './memory.js';
import { sender } from './sender.js';
import { startShipped } from './shipped.js';
import { newsTexts } from './texts.js';

/** What every request asks for. Milliseconds. */
const TIMEOUT_MS = 2000;
/** Requests in flight while the capacity is measured. */
const IN_FLIGHT = 64;

export const OVERLOADS: readonly Fault[] = [1, 2, 5, 20].map(factor => ({
  name: `load-${factor}`,
  description: `${factor} × the capacity, deadlines of ${TIMEOUT_MS / 1000} s`,
  run: options => overload(factor, options),
}));

async function overload(factor: number, { seconds }: FaultOptions): Promise<FaultResult> {
  const service = await startShipped();
  const send = (timeout?: number) => sender(service.url, newsRequests(timeout));
  const measure = { seconds: Math.min(20, seconds), warmup: 3, concurrency: IN_FLIGHT };
  const before = await runLoadTest(send(), measure);
  const load = { seconds, warmup: 3, rate: factor * before.requests_per_second };
  const report = await runLoadTest(send(TIMEOUT_MS), load);
  const memory = peakMemory(service);
  const after = await runLoadTest(send(), measure);
  await stop(service);
  return resultOf(report, [before.requests_per_second, after.requests_per_second], load.rate, memory);
}

/** `capacities` are those before and after the load: they differ where other programs use the machine as well. */
function resultOf(
  report: LoadTestReport,
  capacities: readonly [number, number],
  offered: number,
  memory: number,
): FaultResult {
  const { requests, requests_per_second: answered, latency, errors, error_latency } = report;
  const { 429: refused = 0, ...failed } = errors;
  const possible = Math.min(offered, (capacities[0] + capacities[1]) / 2);
  const notes = [
    `capacity ${capacities.map(capacity => capacity.toFixed(0)).join(' texts/s before, ')} after; offered ${offered.toFixed(0)}, answered ${answered.toFixed(0)} texts/s, ${((100 * answered) / possible).toFixed(0)}% of what was possible`,
    `accepted: p99 ${latency.p99.toFixed(0)} ms`,
    refused > 0
      ? `${refused} refused with 429, p99 ${error_latency[429]!.p99.toFixed(0)} ms`
      : 'none refused',
    `at most ${memory} MiB resident`,
  ];
  return { requests: requests + failuresOf(report), failed, wrong: 0, notes };
}

function newsRequests(timeout?: number) {
  return newsTexts().map(text => ({
    route: '/classify',
    body: JSON.stringify({ inputs: text, timeout_ms: timeout }),
  }));
}
