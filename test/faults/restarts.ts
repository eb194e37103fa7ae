// Rolling restarts of two replicas behind HAProxy, under load.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { Load } from './load.js';
import { startShipped } from './shipped.js';

const REPLICAS = 2;
/** Each replica is restarted in turn, so the other one alone answers meanwhile. */
const CALLERS = 16;

export const ROLLING_RESTARTS: Fault = {
  name: 'restarts',
  description: 'rolling restarts of two replicas behind HAProxy',
  needs: { command: 'haproxy', install: 'apt-get install haproxy' },
  run: rollingRestarts,
};

async function rollingRestarts({ times = 100 }: FaultOptions): Promise<FaultResult> {
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const [front, ...backs] = ports;
  const replicas = await Promise.all(backs.map(port => startShipped('--port', String(port))));
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-haproxy-'));
  writeFileSync(join(folder, 'haproxy.cfg'), configuration(front, backs));
  const proxy = spawn('haproxy', ['-db', '-q', '-f', join(folder, 'haproxy.cfg')], { stdio: 'inherit' });
  try {
    const url = `http://127.0.0.1:${front}`;
    while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) await sleep(100);
    const load = await Load.start(url, CALLERS);
    for (let restart = 0; restart < times; restart++) {
      const index = restart % REPLICAS;
      await stop(replicas[index]!);
      replicas[index] = await startShipped('--port', String(backs[index]));
      // HAProxy sends it requests again after two good checks.
      await sleep(1500);
    }
    await load.stop();
    const { requests, failed, wrong } = load;
    return { requests, failed, wrong, notes: [`${times} restarts`] };
  } finally {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
    await Promise.all(replicas.map(replica => stop(replica)));
    rmSync(folder, { recursive: true });
  }
}

/**
 * Readiness decides where requests go, as in a cluster. A replica that is ending answers its last requests with
 * `connection: close`, and 503 to those that come later, which HAProxy sends to the other replica.
 */
function configuration(front: number, backs: readonly number[]): string {
  return `
defaults
  mode http
  timeout connect 1s
  timeout check 3s
  timeout client 75s
  timeout server 75s
  timeout http-keep-alive 60s
  option redispatch
  retries 3
  retry-on conn-failure empty-response 503
frontend front
  bind 127.0.0.1:${front}
  default_backend replicas
backend replicas
  balance leastconn
  option httpchk GET /health/ready
  http-check expect status 200
  default-server check inter 300 fall 1 rise 2
${backs.map((port, i) => `  server replica${i} 127.0.0.1:${port}`).join('\n')}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
