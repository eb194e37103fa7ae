// Rolling restarts of two replicas behind HAProxy, under load.

import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startHaproxy } from '../support/haproxy.js';
import { stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { Load } from './load.js';
import { startShipped } from './shipped.js';

/** Each replica is restarted in turn, so the other one alone answers meanwhile. */
const CALLERS = 16;

export const ROLLING_RESTARTS: Fault = {
  name: 'restarts',
  description: 'rolling restarts of two replicas behind HAProxy',
  needs: { command: 'haproxy', install: 'apt-get install haproxy' },
  run: rollingRestarts,
};

async function rollingRestarts({ times = 100 }: FaultOptions): Promise<FaultResult> {
  const ports = [await freePort(), await freePort()];
  const replicas = await Promise.all(ports.map(port => startShipped('--port', String(port))));
  const proxy = await startHaproxy(ports);
  try {
    const load = await Load.start(proxy.url, CALLERS);
    for (let restart = 0; restart < times; restart++) {
      const index = restart % replicas.length;
      await stop(replicas[index]!);
      replicas[index] = await startShipped('--port', String(ports[index]));
      // HAProxy sends it requests again after two good checks.
      await sleep(1500);
    }
    await load.stop();
    const { requests, failed, wrong } = load;
    return { requests, failed, wrong, notes: [`${times} restarts`] };
  } finally {
    await proxy.stop();
    await Promise.all(replicas.map(replica => stop(replica)));
  }
}
