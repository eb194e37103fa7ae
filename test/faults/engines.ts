// Faults of engine processes: killed, stopped, and a service that is itself stopped for a while.

import { setTimeout as sleep } from 'node:timers/promises';
import { enginePids } from '../support/processes.js';
import { type RunningService, stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { Load } from './load.js';
import { startShipped } from './shipped.js';

/** Does something to a service under full load, and waits until it has recovered. */
async function underLoad(
  harm: (service: RunningService, load: Load, options: FaultOptions) => Promise<string[]>,
  options: FaultOptions,
): Promise<FaultResult> {
  const service = await startShipped();
  const load = await Load.start(service.url);
  await sleep(3000);
  const before = load.rate();
  const harmed = await harm(service, load, options);
  const seconds = await load.recovery(before);
  await load.stop();
  const isReady = (await fetch(`${service.url}/health/ready`)).ok;
  await stop(service);
  const notes = [
    ...harmed,
    `full rate ${seconds.toFixed(1)} s after the last`,
    ...(isReady ? [] : ['not ready at the end']),
  ];
  return { requests: load.requests, failed: load.failed, wrong: load.wrong, notes };
}

/** An engine process of the service, at random; undefined while none is up. */
function anEngine(service: RunningService): number | undefined {
  const pids = enginePids(service.process.pid);
  return pids[Math.floor(Math.random() * pids.length)];
}

async function killed(service: RunningService, _load: Load, { times = 20 }: FaultOptions): Promise<string[]> {
  let kills = 0;
  while (kills < times) {
    await sleep(200 + Math.random() * 2000);
    const pid = anEngine(service);
    if (pid === undefined) continue;
    process.kill(pid, 'SIGKILL');
    kills++;
  }
  return [];
}

async function stopped(
  pids: (service: RunningService) => number[],
  service: RunningService,
): Promise<string[]> {
  for (const pid of pids(service)) process.kill(pid, 'SIGSTOP');
  return [];
}

async function starved(service: RunningService): Promise<string[]> {
  const before = enginePids(service.process.pid);
  service.process.kill('SIGSTOP');
  await sleep(8000);
  service.process.kill('SIGCONT');
  await sleep(7000);
  const after = enginePids(service.process.pid);
  return [before.every(pid => after.includes(pid)) ? 'no engine was restarted' : 'engines were restarted'];
}

export const ENGINE_FAULTS: readonly Fault[] = [
  {
    name: 'kill',
    description: 'SIGKILL of an engine process at random moments',
    run: options => underLoad(killed, options),
  },
  {
    name: 'stop-one',
    description: 'SIGSTOP of one engine process, which never continues',
    run: options => underLoad(service => stopped(each => [anEngine(each)!], service), options),
  },
  {
    name: 'stop-all',
    description: 'SIGSTOP of all engine processes',
    run: options => underLoad(service => stopped(each => enginePids(each.process.pid), service), options),
  },
  {
    name: 'starve',
    description: 'the HTTP process gets no processor for 8 s',
    run: options => underLoad(starved, options),
  },
];
