// Starts the service: listens, loads the models, and logs what happens to models and engines.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { UserError } from '../errors.js';
import { Encoder } from '../predictor/encoder.js';
import type { LoadedModel } from '../predictor/model.js';
import { Runtime, type RuntimeOptions } from '../predictor/runtime.js';
import { ModelStore, type StoreEvents } from '../predictor/store.js';
import { ModelsWatch } from '../predictor/watch.js';
import { type AppOptions, createApp } from './app.js';
import type { ServerContext } from './context.js';
import { Metrics } from './metrics.js';
import { shutDown } from './shutdown.js';

export interface ServeOptions extends RuntimeOptions, AppOptions {
  /** The folder of model and recipe folders. */
  readonly models: string;
  readonly host: string;
  /** Whether POST /models/{name}/reload is allowed. */
  readonly allowReload?: boolean;
  /** Whether changes in the folder of models are noticed and taken over. */
  readonly watch?: boolean;
  /** 0 for any free port. */
  readonly port: number;
}

export interface Service {
  /** The address that the service listens on: `http://HOST:PORT`. */
  readonly url: string;
  /** Resolves to the loaded models, when every model is loaded or has failed. */
  readonly loaded: Promise<LoadedModel[]>;
  /** Refuses new requests, answers those that were accepted, then ends the service. */
  close(): Promise<void>;
}

/**
 * Listens at once and loads the models meanwhile. `events` are called as they load.
 * Throws UserError if the folder holds no model, or the address is not free.
 */
export async function startService(
  options: ServeOptions,
  log: Logger,
  events: StoreEvents,
): Promise<Service> {
  const store = new ModelStore(options.models);
  const context: ServerContext = {
    store,
    encoder: new Encoder(),
    metrics: new Metrics(),
    log,
    draining: false,
  };
  const server = createServer(createApp(context, options));
  const url = await listen(server, options);

  const runtime = new Runtime(options);
  context.metrics.observe(runtime, store);
  runtime.engines.on('restart', reason => log.error({ reason }, 'engine restarted'));
  runtime.engines.on('unshared', reason =>
    log.warn({ reason }, 'weights could not be shared: one batch runs at a time'),
  );
  const storeEvents: StoreEvents = {
    ...events,
    onReady: model => {
      const { name, manifest } = model;
      const batch_tokens = runtime.scheduler.batchTokens(model.id);
      log.info({ model: name, version: manifest.version, task: manifest.task, batch_tokens }, 'model ready');
      events.onReady?.(model);
    },
    onDamaged: (model, reason) => {
      log.warn({ model, reason }, 'the export in the cache cannot be used and is made again');
    },
    onFailed: (model, error) => {
      log.error({ model, reason: error.message }, 'model failed');
      events.onFailed?.(model, error);
    },
    onRemoved: model => log.info({ model }, 'model removed'),
    onReloaded: (model, error) => {
      context.metrics.modelReloads.inc({ model, result: error ? 'failed' : 'loaded' });
      if (error)
        log.error({ model, reason: error.message }, 'model not replaced: the version before it serves');
    },
  };
  const load = (name: string) => store.load(name, runtime, storeEvents);
  if (options.allowReload) context.reload = load;
  const watch =
    options.watch &&
    new ModelsWatch(store, {
      load,
      remove: name => store.remove(name, storeEvents),
      onIncomplete: (model, reason) => log.warn({ model, reason }, 'model folder not loaded: not complete'),
    });
  const loaded = store.loadAll(runtime, storeEvents).then(() => store.loaded());
  const close = () => {
    if (watch) watch.close();
    return shutDown(server, context, runtime);
  };
  return { url, loaded, close };
}

const NOT_LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there: choose another port with --port',
  EACCES: 'permission denied: choose a port above 1023 with --port',
  EADDRNOTAVAIL:
    'this machine has no such address: choose one of its own with --host, or 0.0.0.0 for all of them',
  ENOTFOUND: 'no such host: choose an address of this machine with --host, or 0.0.0.0 for all of them',
};

async function listen(server: Server, { host, port }: ServeOptions): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code!;
    throw new UserError(`cannot listen on port ${port} of ${host}: ${NOT_LISTENING[code] ?? code}`);
  }
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
