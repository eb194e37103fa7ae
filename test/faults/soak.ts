// An hour at a part of the capacity, with mixed routes and hostile requests among them.

import { setTimeout as sleep } from 'node:timers/promises';
import { runLoadTest } from '../../dist/loadtest/loadTest.js';
import { failuresOf } from '../../dist/loadtest/report.js';
import { Random } from '../fuzz/random.js';
import { type RunningService, stop } from '../support/serve.js';
import { damagedRequest } from './damagedRequest.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { residentMemory } from './memory.js';
import { statusOf } from './requests.js';
import { sender } from './sender.js';
import { startShipped } from './shipped.js';
import { goldenRequests } from './texts.js';

/** Share of the capacity that the load takes. */
const UTILISATION = 0.7;
/** The measurement lasts so many times the seconds that are asked for: an hour for 60. */
const LENGTH = 60;
/** Between two looks at the memory. Milliseconds. */
const LOOK_MS = 10_000;

export const SOAK: Fault = {
  name: 'soak',
  description: `${UTILISATION * 100}% of the capacity, mixed routes, a hostile request every second; ${LENGTH} × the seconds`,
  run: soak,
};

async function soak({ seconds }: FaultOptions): Promise<FaultResult> {
  const service = await startShipped();
  const send = sender(service.url, goldenRequests());
  const capacity = await runLoadTest(send, { seconds: Math.min(20, seconds), warmup: 5, concurrency: 32 });
  const memory: number[] = [];
  let isOver = false;
  const looking = (async () => {
    for (; !isOver; await sleep(LOOK_MS)) memory.push(residentMemory(service));
  })();
  const attacking = (async () => {
    for (let run = 0; !isOver; run++, await sleep(1000)) {
      await statusOf(damagedRequest(new Random(`soak ${run}`)), service);
    }
  })();
  const rate = UTILISATION * capacity.requests_per_second;
  const report = await runLoadTest(send, { seconds: seconds * LENGTH, warmup: 10, rate });
  isOver = true;
  await Promise.all([looking, attacking]);
  const lag = await eventLoopLag(service);
  await stop(service);
  const half = memory.slice(Math.floor(memory.length / 2));
  const hours = (half.length * LOOK_MS) / 3_600_000;
  const slope = half.length > 1 ? (half.at(-1)! - half[0]!) / hours : 0;
  const notes = [
    `capacity ${capacity.requests_per_second.toFixed(0)} requests/s; ${report.requests_per_second.toFixed(0)} requests/s, p99 ${report.latency.p99.toFixed(0)} ms`,
    `memory ${Math.min(...memory)} to ${Math.max(...memory)} MiB, ${slope.toFixed(0)} MiB an hour in the second half`,
    `event loop delay p99 ${(lag * 1000).toFixed(0)} ms`,
  ];
  return { requests: report.requests + failuresOf(report), failed: report.errors, wrong: 0, notes };
}

/** Seconds, of the last scrape interval. */
async function eventLoopLag({ url }: RunningService): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(metrics)?.[1] ?? 0);
}
