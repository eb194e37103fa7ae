// The load generator on services of known speed.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runLoadTest } from '../../dist/loadtest/loadTest.js';
import { failuresOf } from '../../dist/loadtest/report.js';

const OK = { outcome: 'ok' };

/** A service that answers one request after another, in 20 ms each. */
function slowService() {
  let answered = 0;
  let turn = Promise.resolve();
  const send = () => {
    turn = turn.then(() => sleep(20)).then(() => void answered++);
    return turn.then(() => OK);
  };
  return { send, answered: () => answered };
}

describe('a closed loop', () => {
  it('counts every answer that arrives in the measured period, however long it took', async () => {
    const service = slowService();
    // With 50 in flight, each answer takes a second, which is as long as the whole run.
    const report = await runLoadTest(service.send, { seconds: 0.8, warmup: 0.2, concurrency: 50 });
    const perSecond = service.answered() / (0.2 + 0.8 + 50 * 0.02);
    expect(report.requests_per_second / perSecond).toBeGreaterThan(0.6);
    expect(report.requests_per_second / perSecond).toBeLessThan(1.5);
    expect(report.latency.p50).toBeGreaterThan(20);
  });

  it('counts failures by their name, with the first of each in full, and not as answers', async () => {
    let sent = 0;
    const failing = () => sleep(5, { outcome: '503', detail: `503 draining ${sent++}` });
    const report = await runLoadTest(failing, { seconds: 0.1, warmup: 0, concurrency: 2 });
    expect(report.requests).toBe(0);
    expect(report.errors['503']).toBe(report.due);
    expect(report.first_errors['503']).toMatch(/^503 draining [01]$/);
    expect(report.stopped).toBeNull();
  });

  it('counts texts and tokens of the answers', async () => {
    const send = () => sleep(5, { outcome: 'ok', texts: 3, tokens: 30 });
    const report = await runLoadTest(send, { seconds: 0.2, warmup: 0, concurrency: 1 });
    expect(report.texts_per_second).toBeCloseTo(3 * report.requests_per_second);
    expect(report.tokens_per_second).toBeCloseTo(30 * report.requests_per_second);
  });
});

describe('an open loop', () => {
  it('counts the wait of requests that a stall keeps from being sent', async () => {
    // The service answers at once, but not at all from 1 s to 3 s of 6. Four connections hang, and no others are there.
    const began = performance.now();
    const stalls = async () => {
      const now = performance.now() - began;
      await sleep(now > 1000 && now < 3000 ? 3000 - now : 1);
      return OK;
    };
    const report = await runLoadTest(stalls, { seconds: 6, warmup: 0, rate: 100, concurrency: 4 });
    // About 100 requests of 600 are due in the first second of the stall, and wait for more than a second.
    expect(report.latency.p90).toBeGreaterThan(1000);
    // Seen from when they were sent, only the four that hung were slow.
    const slowlyAnswered = report.requests - report.requests * 0.99;
    expect(slowlyAnswered).toBeGreaterThan(4);
    expect(report.latency_from_send.p99).toBeLessThan(1000);
    expect(report.latency_from_send.max).toBeGreaterThan(1000);
    expect(report.unsent).toBe(0);
  });

  it('tells what was due, sent and answered apart, and counts all that was due', async () => {
    const service = slowService();
    const report = await runLoadTest(service.send, { seconds: 1, warmup: 0, rate: 1000, concurrency: 8 });
    expect(report.due).toBeGreaterThan(800);
    expect(report.requests + report.unsent).toBe(report.due);
    expect(report.requests).toBe(service.answered());
    expect(report.sent_per_second).toBeLessThan(report.due_per_second / 4);
    expect(report.requests_per_second).toBeLessThanOrEqual(report.sent_per_second);
    // Those that were never sent waited until the end, so the median is far above what the eight in flight took.
    expect(report.latency.max).toBeGreaterThan(report.latency_from_send.max);
  });

  it('sends thousands of requests a second', async () => {
    const report = await runLoadTest(async () => OK, { seconds: 1, warmup: 0, rate: 5000 });
    expect(report.requests).toBe(report.due);
    expect(report.due).toBeGreaterThan(4500);
    expect(report.due).toBeLessThan(5500);
  });
});

describe('an early stop', () => {
  const long = { seconds: 3600, warmup: 0 };

  it('comes when the first requests fail for a reason that will not pass', async () => {
    const absent = () => sleep(1, { outcome: 'ECONNREFUSED', detail: 'connect ECONNREFUSED 127.0.0.1:1' });
    for (const load of [{ concurrency: 4 }, { rate: 1000 }]) {
      const report = await runLoadTest(absent, { ...long, ...load });
      expect(report.stopped).toBe('the first 20 requests failed: connect ECONNREFUSED 127.0.0.1:1');
      expect(failuresOf(report)).toBe(20);
    }
  });

  it('does not wait for the requests that hang', async () => {
    let sent = 0;
    const hangs = () => (sent++ < 5 ? new Promise<never>(() => {}) : sleep(1, { outcome: '404' }));
    const report = await runLoadTest(hangs, { ...long, concurrency: 6 });
    expect(report.stopped).toBe('the first 20 requests failed: 404');
  });
});
