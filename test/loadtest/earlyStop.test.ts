// When a load test stops early, on a clock of the test's own.

import { expect, it } from 'vitest';
import { EarlyStop } from '../../dist/loadtest/earlyStop.js';

/** What the last of many answers with an outcome, from one time to another, leads to. Milliseconds. */
function observed(stop: EarlyStop, outcome: string, from: number, to: number): string | undefined {
  let reason: string | undefined;
  for (let time = from; time <= to && reason === undefined; time += 100) {
    reason = stop.observe({ outcome, detail: `${outcome} in full` }, time);
  }
  return reason;
}

it('goes on while a service refuses for less than ten seconds', () => {
  const stop = new EarlyStop(0);
  expect(observed(stop, '503', 0, 9900)).toBeUndefined();
  expect(observed(stop, 'ok', 9950, 9950)).toBeUndefined();
  expect(observed(stop, '429', 10_000, 19_900)).toBeUndefined();
});

it('stops where a service does nothing but refuse for ten seconds', () => {
  const stop = new EarlyStop(0);
  expect(observed(stop, '503', 0, 20_000)).toBe(
    'nothing was answered for 10 s, and 101 requests failed: 503 in full',
  );
});

it('stops where a service that has answered is gone', () => {
  const stop = new EarlyStop(0);
  observed(stop, 'ok', 0, 5000);
  expect(observed(stop, 'ECONNREFUSED', 5100, 14_900)).toBeUndefined();
  expect(observed(stop, 'ECONNREFUSED', 15_000, 20_000)).toMatch(/^nothing was answered for 10 s/);
});

it('goes on where a few requests fail among slow answers', () => {
  const stop = new EarlyStop(0);
  expect(observed(stop, '429', 0, 1800)).toBeUndefined();
  expect(stop.observe({ outcome: '429' }, 60_000)).toMatch(/^nothing was answered/);
});
