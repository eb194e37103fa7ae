// Starts the service, and ends it without losing a request.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { UserError } from '../errors.js';
import { Encoder } from '../predictor/encoder.js';
import { Runtime, type RuntimeOptions } from '../predictor/runtime.js';
import { ModelStore, type StoreEvents } from '../predictor/store.js';
import { createApp } from './app.js';
import type { ServerContext } from './context.js';
import { Metrics } from './metrics.js';

export interface ServeOptions extends RuntimeOptions {
  /** The folder of model and recipe folders. */
  readonly models: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Undefined if callers need no key. */
  readonly apiKey: string | undefined;
}

/** No new connection or request for so long, and what callers had sent when shutdown began has been read. */
const LAST_CALL_MS = 150;
/** Callers that never pause are refused with 503 after so many of these. */
const LAST_CALLS = 5;
/** Longer than any default deadline. */
const SHUTDOWN_LIMIT_MS = 65_000;

export interface Service {
  readonly url: string;
  /** Resolves when every model is loaded or has failed. */
  readonly loaded: Promise<void>;
  /** Refuses what is new, answers what was taken, then ends. */
  close(): Promise<void>;
}

/** Listens at once; models are loaded behind it. Throws UserError where there is nothing to serve or no port. */
export async function startService(
  options: ServeOptions,
  log: Logger,
  onProgress: NonNullable<StoreEvents['onProgress']>,
): Promise<Service> {
  const store = new ModelStore(options.models);
  const encoder = new Encoder();
  const metrics = new Metrics();
  const { apiKey } = options;
  const context: ServerContext = { store, encoder, metrics, log, apiKey, draining: false };
  const server = createServer(createApp(context));
  const url = await listen(server, options);

  const runtime = new Runtime(options);
  metrics.observe(runtime, store);
  runtime.engines.on('restart', reason => log.error({ reason }, 'engine restarted'));
  runtime.engines.on('unshared', reason =>
    log.warn({ reason }, 'weights could not be shared: one batch runs at a time'),
  );
  const loaded = store.loadAll(runtime, {
    onProgress,
    onReady: ({ name, manifest: { version, task } }) => {
      const batch_tokens = runtime.scheduler.batchTokens(name);
      log.info({ model: name, version, task, batch_tokens }, 'model ready');
    },
    onFailed: (model, error) => log.error({ model, reason: error.message }, 'model failed'),
  });
  return {
    url,
    loaded,
    async close() {
      await lastCall(server);
      context.draining = true;
      await encoder.drain();
      await runtime.scheduler.drain();
      await closeServer(server);
      await encoder.close();
      runtime.close();
    },
  };
}

/** Waits until what was sent before shutdown has been read: closing the port would reset it. */
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

/** Accepts no more, and resolves when every request in flight is answered. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server.close(), 'close');
  // A kept-alive connection is idle only once its last answer is out.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  // Every taken request is past its deadline by then; what is left are bodies that never end.
  const limit = setTimeout(() => server.closeAllConnections(), SHUTDOWN_LIMIT_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(limit);
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new UserError(`port ${port} on ${host} is taken; --port chooses another`);
    throw new UserError(`cannot listen on ${host}:${port}: ${code}`);
  }
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
