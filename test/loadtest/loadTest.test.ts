// The load generator on a service of known speed, which answers one request after another, in 20 ms each.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runLoadTest } from '../../dist/loadtest/loadTest.js';

function slowService() {
  let answered = 0;
  let turn = Promise.resolve();
  const send = () => {
    turn = turn.then(() => sleep(20)).then(() => void answered++);
    return turn.then(() => 'ok');
  };
  return { send, answered: () => answered };
}

it('counts every answer that arrives in the measured period, however long it took', async () => {
  const service = slowService();
  // With 50 in flight, each answer takes a second, which is as long as the whole run.
  const report = await runLoadTest(service.send, { seconds: 0.8, warmup: 0.2, concurrency: 50 });
  const perSecond = service.answered() / (0.2 + 0.8 + 50 * 0.02);
  expect(report.requests_per_second / perSecond).toBeGreaterThan(0.6);
  expect(report.requests_per_second / perSecond).toBeLessThan(1.5);
  expect(report.latency.p50).toBeGreaterThan(20);
});

it('counts failures by their name, and not as answers', async () => {
  const failing = () => sleep(5, '503');
  const report = await runLoadTest(failing, { seconds: 0.1, warmup: 0, concurrency: 2 });
  expect(report.requests).toBe(0);
  expect(report.errors['503']).toBeGreaterThan(0);
});
