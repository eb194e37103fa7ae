// Arrivals, latencies, conditions of --fail-if, comparisons and server metrics, each against values known beforehand.

import { describe, expect, it } from 'vitest';
import { poissonArrivals } from '../../dist/loadtest/arrivals.js';
import { compare } from '../../dist/loadtest/compare.js';
import { parseFailIf } from '../../dist/loadtest/failIf.js';
import { LatencyHistogram } from '../../dist/loadtest/latency.js';
import { grouped, requestTexts } from '../../dist/loadtest/requestTexts.js';
import type { RunResult } from '../../dist/loadtest/result.js';
import { parseMetrics, serverReport } from '../../dist/loadtest/serverMetrics.js';
import { Random } from '../fuzz/random.js';

describe('arrivals', () => {
  it('are a Poisson process: gaps and counts have the mean and the variance of one', () => {
    const random = new Random('arrivals');
    const times: number[] = [];
    for (const time of poissonArrivals(200, () => random.below(2 ** 32) / 2 ** 32)) {
      if (time > 500_000) break;
      times.push(time);
    }
    // 100,000 are expected, give or take four times the square root.
    expect(Math.abs(times.length - 100_000)).toBeLessThan(4 * Math.sqrt(100_000));
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean).toBeCloseTo(5, 1);
    // The standard deviation of an exponential distribution equals its mean.
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });
});

describe('latencies', () => {
  it('have the percentiles, mean and maximum of the values, to four figures', () => {
    const histogram = new LatencyHistogram();
    for (let value = 1; value <= 10_000; value++) histogram.record(value);
    const latency = histogram.latency();
    const expected = { p50: 5000, p90: 9000, p95: 9500, p99: 9900, 'p99.9': 9990, mean: 5000.5, max: 10_000 };
    for (const [name, value] of Object.entries(expected)) {
      expect(latency[name as keyof typeof latency] / value, name).toBeCloseTo(1, 3);
    }
  });

  it('are zeros where there is none', () => {
    expect(Object.values(new LatencyHistogram().latency())).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(new LatencyHistogram().bins()).toEqual([]);
  });

  it('fall into bins without gaps that count each once', () => {
    const histogram = new LatencyHistogram();
    for (const value of [0.5, 1, 1.01, 7, 7, 950]) histogram.record(value);
    const bins = histogram.bins();
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(6);
    for (const [i, bin] of bins.entries()) if (i > 0) expect(bin.from).toBeCloseTo(bins[i - 1]!.to);
    expect(bins.find(({ from, to }) => from <= 7 && 7 < to)?.count).toBe(2);
  });
});

describe('texts', () => {
  it('are grouped in their order, and the last group is filled from the start', () => {
    expect(grouped(['a', 'b', 'c'], 2)).toEqual([
      ['a', 'b'],
      ['c', 'a'],
    ]);
    expect(grouped(['a'], 3)).toEqual([['a', 'a', 'a']]);
  });

  it('are unique, or as they are', () => {
    const repeated = requestTexts([['a text'], ['b']], false);
    expect([repeated(), repeated(), repeated()]).toEqual([['a text'], ['b'], ['a text']]);
    const unique = requestTexts([['a text']], true);
    const drawn = Array.from({ length: 100 }, () => unique()[0]!);
    expect(new Set(drawn).size).toBeGreaterThan(98);
    for (const text of drawn) expect(text).toMatch(/^[a-z]{5} a text$/);
  });
});

/** A result with what the tests look at. */
function result(changes: object = {}): RunResult {
  const report = {
    due: 200,
    requests: 198,
    unsent: 0,
    requests_per_second: 99,
    texts_per_second: 99,
    tokens_per_second: null,
    latency: { p50: 10, p90: 20, p95: 30, p99: 250, 'p99.9': 300, mean: 15, max: 400 },
    errors: { 429: 2 },
    conditions: { url: 'http://localhost/classify', concurrency: 64, rate: null, started: '2026-01-01' },
  };
  return { ...report, ...changes } as unknown as RunResult;
}

describe('--fail-if', () => {
  it.each([
    ['p99>200ms', 'p99 is 250ms'],
    ['p99>0.2s', 'p99 is 250ms'],
    ['p99 > 200', 'p99 is 250ms'],
    ['p99.9>=300ms', 'p99.9 is 300ms'],
    ['errors>0', 'errors is 2'],
    ['error_rate>=1%', 'error_rate is 1%'],
    ['rate<100/s', 'rate is 99/s'],
    ['rate<=99', 'rate is 99/s'],
    ['tokens<1000/s', 'tokens was not measured'],
    ['capacity<50/s', 'capacity was not measured'],
  ])('%s holds', (condition, found) => {
    expect(parseFailIf(condition).check(result())).toBe(found);
  });

  it.each(['p99>250ms', 'p99>0.25s', 'errors>2', 'rate<99', 'unsent>0', 'max>401ms'])(
    '%s does not hold',
    condition => {
      expect(parseFailIf(condition).check(result())).toBeUndefined();
    },
  );

  it.each([
    ['p99', 'expected a condition such as p99>200ms, errors>0 or rate<50/s, found "p99"'],
    ['p99=200ms', 'expected a condition'],
    ['p99>', 'expected a condition'],
    ['p97>3ms', 'p97>3ms: expected one of p50, p90,'],
    ['constructor>3', 'expected one of p50'],
    ['p99>200m', 'p99>200m: expected a number in ms, s, us, found 200m'],
    ['errors>1%', 'errors>1%: expected a number without a unit, found 1%'],
    ['rate<50/m', 'rate<50/m: expected a number in /s, found 50/m'],
  ])('%s is refused', (condition, message) => {
    expect(() => parseFailIf(condition)).toThrow(message);
  });
});

describe('compare', () => {
  it('has a row for each figure of both, with their ratio', () => {
    const { rows, differences } = compare(result(), result({ requests_per_second: 198 }));
    expect(rows[0]).toEqual(['', 'A', 'B', 'B / A']);
    expect(rows).toContainEqual(['rate /s', '99', '198', '2.00']);
    expect(rows).toContainEqual(['p99 ms', '250', '250', '1.00']);
    expect(rows.map(([name]) => name)).not.toContain('tokens /s');
    expect(differences).toEqual([]);
  });

  it('says which conditions differ, but not the time', () => {
    const other = { url: 'http://localhost/classify', concurrency: 1, rate: 50, started: '2026-02-02' };
    expect(compare(result(), result({ conditions: other })).differences).toEqual([
      'concurrency: 64 in A, 1 in B',
      'rate: none in A, 50 in B',
    ]);
  });

  it('refuses a sweep beside a single measurement', () => {
    expect(() => compare(result(), result({ steps: [] }))).toThrow('found a single measurement and a sweep');
  });
});

it('takes the means of what a server counted meanwhile, and the hits of its cache', () => {
  const before = parseMetrics(`# HELP lsllama_queue_duration_seconds Time that a sequence waited
lsllama_queue_duration_seconds_bucket{le="+Inf",model="a"} 10
lsllama_queue_duration_seconds_sum{model="a"} 1
lsllama_queue_duration_seconds_count{model="a"} 10
lsllama_cache_requests_total{result="miss"} 10
`);
  const after = parseMetrics(`lsllama_queue_duration_seconds_sum{model="a"} 2
lsllama_queue_duration_seconds_count{model="a"} 20
lsllama_queue_duration_seconds_sum{model="b c"} 5
lsllama_queue_duration_seconds_count{model="b c"} 10
lsllama_cache_requests_total{result="miss"} 30
lsllama_cache_requests_total{result="hit"} 5
`);
  expect(serverReport(before, after)).toEqual({
    tokenize: null,
    // 6 seconds over 20 sequences.
    queue: 300,
    inference: null,
    batch: null,
    cache: { lookups: 25, hits: 5 },
  });
});
