// Damaged requests by the ten thousand, over sockets of their own.

import { connect } from 'node:net';
import { Random } from '../fuzz/random.js';
import { type RunningService, stop } from '../support/serve.js';
import { damagedRequest } from './damagedRequest.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { residentMemory } from './memory.js';
import { startShipped } from './shipped.js';

/** Requests between two looks at the memory. */
const LOOK_EVERY = 10_000;
/** Connections at a time. */
const CONNECTIONS = 64;
/** A request without an answer for this long is taken to be incomplete: its caller closes its side. Milliseconds. */
const INCOMPLETE_AFTER = 3000;
/** A connection on which nothing has happened by then has hung. Milliseconds. */
const HANGS_AFTER = 30_000;

export const DAMAGED_REQUESTS: Fault = {
  name: 'requests',
  description: 'damaged requests: bytes, JSON, headers, methods, paths, broken HTTP',
  run: damagedRequests,
};

async function damagedRequests({ times = 200_000 }: FaultOptions): Promise<FaultResult> {
  const service = await startShipped();
  const seed = String(Math.floor(Math.random() * 2 ** 31));
  const statuses: Record<string, number> = {};
  const failed: Record<string, number> = {};
  const memory: number[] = [];
  let next = 0;
  const sendAll = async () => {
    while (next < times) {
      const run = next++;
      if (run % LOOK_EVERY === 0) memory.push(residentMemory(service));
      const status = await statusOf(damagedRequest(new Random(`${seed} ${run}`)), service);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (/^[1-4]\d\d$|^closed$/.test(status)) continue;
      failed[status] = (failed[status] ?? 0) + 1;
      process.stderr.write(`run ${run} of seed ${seed}: ${status}\n`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sendAll));
  memory.push(residentMemory(service));
  const isReady = (await fetch(`${service.url}/health/ready`)).ok;
  await stop(service);
  const counts = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  const notes = [
    `answers: ${counts.join(', ')}`,
    `resident memory ${memory[1]} MiB after the first ${LOOK_EVERY}, ${memory.at(-1)} MiB at the end`,
    `seed ${seed}`,
    ...(isReady ? [] : ['not ready at the end']),
  ];
  return { requests: next, failed, wrong: 0, notes };
}

/** The status of the first answer; `closed` where the connection ends without one, `hung` where nothing happens. */
export function statusOf(request: Buffer, { url }: RunningService): Promise<string> {
  return new Promise(resolve => {
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    const incomplete = setTimeout(() => socket.end(), INCOMPLETE_AFTER);
    const hung = setTimeout(() => end('hung'), HANGS_AFTER);
    let head = '';
    const end = (status: string) => {
      clearTimeout(incomplete);
      clearTimeout(hung);
      socket.destroy();
      resolve(status);
    };
    socket.on('data', chunk => {
      head += chunk.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
      if (status && status !== '100') end(status);
    });
    socket.on('close', () => end('closed'));
    // The service may close the connection before it has read all of the request.
    socket.on('error', ({ message }) => end(/ECONNRESET|EPIPE/.test(message) ? 'closed' : message));
    socket.write(request);
  });
}
