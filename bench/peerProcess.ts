// Another server, started by a script in a process group of its own, which ends with the benchmark.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd } from './children.ts';

export interface Peer {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** vLLM compiles its model before it answers. Milliseconds. */
const START_LIMIT_MS = 300_000;
/** Time to end in order before the group is killed. Milliseconds. */
const STOP_LIMIT_MS = 10_000;

/** Starts a server and waits until it is ready. Throws if it ends, or does not answer in time. */
export async function startPeer(script: string, dir: string, name: string): Promise<Peer> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn('bash', [script, 'start', dir, name, new URL(url).port], {
    detached: true,
    stdio: 'ignore',
  });
  const group = -child.pid!;
  const ended = once(child, 'exit');
  const killGroup = () => signal(group, 'SIGKILL');
  const cancel = atEnd(killGroup);
  const stop = async () => {
    signal(group, 'SIGTERM');
    await Promise.race([ended, sleep(STOP_LIMIT_MS)]);
    killGroup();
    await ended;
    cancel();
  };
  const deadline = performance.now() + START_LIMIT_MS;
  while (!(await isReady(url))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await sleep(500);
      continue;
    }
    await stop();
    throw new Error(`${name}: expected GET ${url}/health to answer 200 within ${START_LIMIT_MS / 1000} s`);
  }
  return { name, url, stop };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

/** Signals a process group. Does nothing if the group has ended already. */
function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
