// Ends the service without losing a request.

import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runtime } from '../predictor/runtime.js';
import type { ServerContext } from './context.js';
import type { Listeners } from './listeners.js';

/** If no connection or request arrives for this long, every request that callers have sent has been read. */
const LAST_CALL_MS = 150;
/** After this many such waits, callers that never pause are not waited for any longer. */
const LAST_CALLS = 5;
/** How long a shutdown may wait for answers and callers, in all. Longer than the default deadline. */
const SHUTDOWN_LIMIT_MS = 65_000;

/**
 * Answers every request that was sent before the call, and refuses later ones with 503. Then closes the port, and ends
 * the encoder's thread and the engine processes.
 */
export async function shutDown(
  { main, admin }: Listeners,
  context: ServerContext,
  runtime: Runtime,
): Promise<void> {
  const { server } = main;
  // Otherwise a caller sends its next request on a connection that is being closed, and the request is lost.
  server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
  const limit = sleep(SHUTDOWN_LIMIT_MS, undefined, { ref: false });
  await lastCall(server);
  context.draining = true;
  await Promise.race([limit, context.encoder.drain().then(() => runtime.scheduler.drain())]);
  // Callers whose answer has just arrived send their next request to an open port, and are refused with 503.
  await lastCall(server);
  await closeServer(server, limit);
  // Until here it answers metrics and health.
  if (admin) await closeServer(admin.server, limit);
  await context.encoder.close();
  await runtime.close();
}

/**
 * Waits until every request that callers have sent has been read. Closing the port earlier would reset connections.
 */
async function lastCall(server: Server): Promise<void> {
  let arrivals = 0;
  const count = () => arrivals++;
  server.on('connection', count).on('request', count);
  for (let call = 0; call < LAST_CALLS; call++) {
    const before = arrivals;
    await sleep(LAST_CALL_MS);
    if (arrivals === before) break;
  }
  server.off('connection', count).off('request', count);
}

/** Accepts no more connections, and resolves when every request in flight is answered, or the limit has passed. */
async function closeServer(server: Server, limit: Promise<void>): Promise<void> {
  const closed = once(server.close(), 'close');
  // A kept-alive connection becomes idle only after its last answer is sent.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  // Every accepted request has been answered by now. A connection that remains that long sends a body that never ends.
  void limit.then(() => server.closeAllConnections());
  await closed;
  clearInterval(idle);
}
