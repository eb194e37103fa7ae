// Starts the service: listens, loads the models, and logs what happens to models and engines.

import type { Logger } from 'pino';
import { Runtime, type RuntimeOptions } from '../predictor/runtime.js';
import { ModelStore, type StoreEvents } from '../predictor/store.js';
import { type KeyOptions, Keyring } from './access/keyring.js';
import { KeyLimits } from './access/limits.js';
import { type AppOptions, createApp } from './app.js';
import type { ServerContext, Timeouts } from './context.js';
import { type ListenOptions, listenOnAll } from './listeners.js';
import { Metrics } from './metrics.js';
import { Requests } from './requests/requests.js';
import { shutDown } from './shutdown.js';

export interface ServeOptions extends RuntimeOptions, AppOptions, KeyOptions, ListenOptions, Timeouts {
  /** The folder of model and recipe folders. */
  readonly models: string;
}

export interface Service {
  /** The address that the service listens on: `http://HOST:PORT`. */
  readonly url: string;
  /** The address for metrics and administration, if it is another one. */
  readonly adminUrl: string | undefined;
  /** Resolves when every model is loaded or has failed. */
  readonly loaded: Promise<void>;
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
  const metrics = new Metrics();
  const context: ServerContext = {
    store,
    requests: new Requests(error => log.error({ err: error }, 'the thread for large requests ended')),
    timeouts: options,
    metrics,
    keyring: new Keyring(options),
    limits: new KeyLimits(metrics),
    log,
    stopping: false,
    draining: false,
  };
  const listeners = await listenOnAll(options, group => createApp(context, options, group), log);
  context.keyring.watch(log);

  const runtime = new Runtime(options);
  context.metrics.observe(runtime, store);
  runtime.engines.on('restart', reason => log.error({ reason }, 'engine restarted'));
  runtime.engines.on('failed', (model, reason) =>
    log.error({ model, reason }, 'an engine could not load the model again, and tries later'),
  );
  runtime.engines.on('unshared', reason => log.warn({ reason }, 'weights could not be shared'));
  const loaded = store.loadAll(runtime, {
    ...events,
    onReady: model => {
      const { name, manifest } = model;
      const batch_tokens = runtime.scheduler.batchTokens(name);
      log.info({ model: name, version: manifest.version, task: manifest.task, batch_tokens }, 'model ready');
      events.onReady?.(model);
    },
    onFailed: (model, error) => {
      log.error({ model, reason: error.message }, 'model failed');
      events.onFailed?.(model, error);
    },
  });
  const { main, admin } = listeners;
  const close = () => shutDown(listeners, context, runtime);
  return { url: main.url, adminUrl: admin?.url, loaded, close };
}
