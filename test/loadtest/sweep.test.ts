// The search for the capacity, on a simulated service whose capacity follows from its sizes.

import { describe, expect, it } from 'vitest';
import { poissonArrivals } from '../../dist/loadtest/arrivals.js';
import { Recorder } from '../../dist/loadtest/recorder.js';
import type { LoadTestReport } from '../../dist/loadtest/report.js';
import { type Load, sweep } from '../../dist/loadtest/sweep.js';
import { Random } from '../fuzz/random.js';

/** A service that answers up to `batch` waiting requests at once, in `base + each × requests` milliseconds. */
interface Service {
  readonly batch: number;
  readonly base: number;
  readonly each: number;
}

const PERIOD = { begins: 0, starts: 3000, ends: 23_000 };

/** What a load test of the service reports, in simulated time. */
function simulate(
  { batch, base, each }: Service,
  { rate, concurrency }: Load,
  random: Random,
): LoadTestReport {
  const recorder = new Recorder(PERIOD);
  const arrivals =
    rate === undefined ? undefined : poissonArrivals(rate, () => random.below(2 ** 32) / 2 ** 32);
  const waiting: number[] = [];
  let next = arrivals?.next().value ?? Number.POSITIVE_INFINITY;
  const arrive = (due: number) => {
    recorder.send({ due, sent: due });
    waiting.push(due);
  };
  if (arrivals === undefined) for (let i = 0; i < concurrency; i++) arrive(0);
  for (let now = 0; ; ) {
    for (; next <= now && next < PERIOD.ends; next = arrivals!.next().value) arrive(next);
    if (waiting.length === 0) {
      if (next >= PERIOD.ends) break;
      now = next;
      continue;
    }
    const answered = waiting.splice(0, batch);
    now += base + each * answered.length;
    for (const due of answered) {
      recorder.receive({ due, sent: due }, { outcome: 'ok' }, now);
      if (arrivals === undefined && now < PERIOD.ends) arrive(now);
    }
  }
  return recorder.report(PERIOD.ends, undefined);
}

const SERVICES: readonly (Service & { readonly name: string })[] = [
  { name: 'one after another', batch: 1, base: 0, each: 7 },
  { name: 'in batches', batch: 16, base: 20, each: 6 },
  { name: 'fast', batch: 32, base: 1, each: 0.5 },
  { name: 'slowly', batch: 4, base: 50, each: 100 },
];
/** So long that it limits none of the services. Milliseconds. */
const NO_BOUND = 10_000;

describe.each(SERVICES)('a service that answers $name', service => {
  it.each([1, 2, 3])('has its capacity found within a twentieth, seed %i', async seed => {
    const random = new Random(`sweep ${seed}`);
    const capacity = (1000 * service.batch) / (service.base + service.each * service.batch);
    let tests = 0;
    const report = await sweep(
      async load => {
        tests++;
        return simulate(service, load, random);
      },
      { concurrency: 64, maxP99: NO_BOUND },
    );
    expect(Math.abs(report.capacity! / capacity - 1)).toBeLessThan(0.05);
    expect(report.knee).toBeLessThanOrEqual(report.capacity!);
    expect(tests).toBeLessThanOrEqual(16);
    const rates = report.steps.map(({ due_per_second }) => due_per_second);
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
  });
});

it('finds less where the latency is bounded', async () => {
  const random = new Random('bounded');
  const service = { batch: 1, base: 0, each: 10 };
  const measure = async (load: Load) => simulate(service, load, random);
  // Of an M/D/1 queue at 80% of its capacity, the p99 is well over 50 ms.
  const { capacity, steps } = await sweep(measure, { concurrency: 64, maxP99: 50 });
  expect(capacity).toBeLessThan(80);
  expect(capacity).toBeGreaterThan(40);
  for (const { sustained, latency } of steps) if (sustained) expect(latency.p99).toBeLessThanOrEqual(50);
});

it('ends without a capacity where nothing answers', async () => {
  const nothing = async () => {
    const recorder = new Recorder(PERIOD);
    return recorder.report(1000, 'the first 20 requests failed: 404');
  };
  expect(await sweep(nothing, { concurrency: 64 })).toMatchObject({ capacity: null, knee: null, steps: [] });
});
