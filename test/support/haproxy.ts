// HAProxy before replicas of the service.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Proxy {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts HAProxy on a free port, before replicas on the ports `backs`. Resolves when one of them is ready. */
export async function startHaproxy(backs: readonly number[]): Promise<Proxy> {
  const front = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-haproxy-'));
  writeFileSync(join(folder, 'haproxy.cfg'), configuration(front, backs));
  const proxy = spawn('haproxy', ['-db', '-q', '-f', join(folder, 'haproxy.cfg')], { stdio: 'inherit' });
  await once(proxy, 'spawn');
  const url = `http://127.0.0.1:${front}`;
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) await sleep(100);
  return {
    url,
    pid: proxy.pid!,
    async stop() {
      proxy.kill('SIGTERM');
      await once(proxy, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
