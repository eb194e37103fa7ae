// Ends the service without losing a request.

import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runtime } from '../predictor/runtime.js';
import type { ServerContext } from './context.js';
import type { Listener, Listeners } from './listeners.js';

/** If no connection or request arrives for this long, every request that callers have sent has been read. */
const LAST_CALL_MS = 150;
/** After this many such waits, callers that never pause are not waited for any longer. */
const LAST_CALLS = 5;
/** Time for the shutdown beyond the default timeout of a request. Connections that are open by then are cut. */
const BEYOND_TIMEOUT_MS = 5000;

/**
 * Answers every request that was sent before the call, and refuses later ones with 503. Then closes the port, and ends
 * the worker thread and the engine processes.
 */
export async function shutDown(
  { main, admin }: Listeners,
  context: ServerContext,
  runtime: Runtime,
): Promise<void> {
  const { requests, timeouts, tracing } = context;
  // Otherwise a caller sends its next request on a connection that is being closed, and the request is lost.
  main.server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
  const limit = sleep(timeouts.timeoutMs + BEYOND_TIMEOUT_MS, undefined, { ref: false });
  // Load balancers send their requests elsewhere from now on.
  context.stopping = true;
  await lastCall(main.server);
  context.draining = true;
  await Promise.race([limit, requests.drain()]);
  // Callers whose answer has just arrived send their next request to an open port, and are refused with 503.
  await lastCall(main.server);
  await closeListener(main, limit);
  // Until here it answers metrics and health.
  if (admin) await closeListener(admin, limit);
  await requests.close();
  await runtime.close();
  await Promise.race([limit, tracing?.close()]);
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

/**
 * Accepts no more connections, and resolves when every request is answered whose head has arrived, or the limit has
 * passed. Connections without a request, such as those on which no byte was ever sent, are cut.
 */
async function closeListener({ server, requests }: Listener, limit: Promise<void>): Promise<void> {
  server.close();
  let isOver = false;
  void limit.then(() => {
    isOver = true;
  });
  while (requests.open > 0 && !isOver) await sleep(20);
  // Connections that have not done their TLS handshake stay open, and end with the process.
  server.closeAllConnections();
}
