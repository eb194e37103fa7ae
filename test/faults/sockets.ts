// Callers that open connections and hardly send anything.

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { Load } from './load.js';
import { startShipped } from './shipped.js';

const SOCKETS = 2000;

export const SLOW_SOCKETS: Fault = {
  name: 'slow-loris',
  description: `${SOCKETS} sockets that send a byte of a request every few seconds`,
  run: slowSockets,
};

async function slowSockets({ seconds }: FaultOptions): Promise<FaultResult> {
  const service = await startShipped();
  const load = await Load.start(service.url, 4);
  await sleep(seconds * 500);
  const alone = load.takeLatencies();
  const sockets = new Set<Socket>();
  const url = new URL(service.url);
  let closed = 0;
  let attacking = true;
  const open = async () => {
    while (attacking) {
      const socket = connect(Number(url.port), url.hostname).on('error', () => {});
      sockets.add(socket);
      const ended = new Promise(resolve => socket.once('close', resolve));
      socket.write('POST /classify HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\nx-slow: ');
      const drip = setInterval(() => socket.write('a'), 3000);
      await ended;
      clearInterval(drip);
      sockets.delete(socket);
      closed++;
      // Never again at once: the sockets would take the processor of the machine that they share with the service.
      await sleep(500);
    }
  };
  const attack = Array.from({ length: SOCKETS }, open);
  await sleep(seconds * 1000);
  const attacked = load.takeLatencies();
  await load.stop();
  attacking = false;
  for (const socket of sockets) socket.destroy();
  await Promise.all(attack);
  await stop(service);
  const notes = [
    `p99 of others ${alone.p99.toFixed(0)} ms before, ${attacked.p99.toFixed(0)} ms meanwhile`,
    `${closed} sockets closed by the service`,
  ];
  return { requests: load.requests, failed: load.failed, wrong: load.wrong, notes };
}
