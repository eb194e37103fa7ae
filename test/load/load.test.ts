// The load generator against a service whose speed is known: one answer every 20 ms, one after another.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runLoad } from '../../dist/load/load.js';

function slowService() {
  let answered = 0;
  let turn = Promise.resolve();
  const send = () => {
    turn = turn.then(() => sleep(20)).then(() => void answered++);
    return turn.then(() => 'ok');
  };
  return { send, answered: () => answered };
}

it('counts every answer of the counted seconds, however long its wait was', async () => {
  const service = slowService();
  // 50 in flight wait a second each: longer than the whole run.
  const report = await runLoad(service.send, { seconds: 0.8, warmup: 0.2, concurrency: 50 });
  const perSecond = service.answered() / (0.2 + 0.8 + 50 * 0.02);
  expect(report.requests_per_second / perSecond).toBeGreaterThan(0.6);
  expect(report.requests_per_second / perSecond).toBeLessThan(1.5);
  expect(report.latency.p50).toBeGreaterThan(20);
});

it('counts failures apart', async () => {
  const failing = () => sleep(5, '503');
  const report = await runLoad(failing, {
    seconds: 0.1,
    warmup: 0,
    concurrency: 2,
  });
  expect(report.requests).toBe(0);
  expect(report.errors['503']).toBeGreaterThan(0);
});
