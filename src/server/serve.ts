// Starts the service: listens, loads the models, and logs what happens to models and engines.

import type { Logger } from 'pino';
import { type LoadedModel, modelOf } from '../predictor/model.js';
import { type ModelsOption, modelFolders } from '../predictor/modelFolders.js';
import { Runtime, type RuntimeOptions } from '../predictor/runtime.js';
import { ModelStore, type StoreEvents } from '../predictor/store.js';
import { ModelsWatch } from '../predictor/watch.js';
import { type KeyOptions, Keyring } from './access/keyring.js';
import { KeyLimits } from './access/limits.js';
import { type AppOptions, createApp } from './app.js';
import type { ServerContext, Timeouts } from './context.js';
import { type ListenOptions, listenOnAll } from './listeners.js';
import { Metrics } from './metrics.js';
import { Requests } from './requests/requests.js';
import { shutDown } from './shutdown.js';
import { startTracing } from './tracing/start.js';

export interface ServeOptions extends RuntimeOptions, AppOptions, KeyOptions, ListenOptions, Timeouts {
  readonly models: ModelsOption;
  /** Whether POST /models/{name}/reload is allowed without API keys. */
  readonly allowReload?: boolean;
  /** Whether changes in the folder of models are noticed and taken over. */
  readonly watch?: boolean;
}

export interface Service {
  /** The address that the service listens on: `http://HOST:PORT`. */
  readonly url: string;
  /** The address for metrics and administration, if it is another one. */
  readonly adminUrl: string | undefined;
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
  const store = new ModelStore(modelFolders(options.models));
  const metrics = new Metrics();
  const context: ServerContext = {
    store,
    requests: new Requests(error => log.error({ err: error }, 'the thread for large requests ended')),
    timeouts: options,
    metrics,
    keyring: new Keyring(options),
    limits: new KeyLimits(metrics),
    log,
    tracing: await startTracing(log),
    stopping: false,
    draining: false,
  };
  const listeners = await listenOnAll(options, group => createApp(context, options, group), log);
  context.keyring.watch(log);

  const runtime = new Runtime(options);
  context.metrics.observe(runtime, store);
  runtime.engines.on('restart', reason => log.error({ reason }, 'engine restarted'));
  runtime.engines.on('failed', (id, reason) =>
    log.error({ model: modelOf(id), reason }, 'an engine could not load the model again, and tries later'),
  );
  runtime.engines.on('unshared', reason => log.warn({ reason }, 'weights could not be shared'));
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
  // With keys, it takes one that has the scope admin.
  if (options.allowReload || !context.keyring.isOpen) context.reload = load;
  const watch =
    options.watch &&
    new ModelsWatch(store, {
      load,
      remove: name => store.remove(name, storeEvents),
      onIncomplete: (model, reason) => log.warn({ model, reason }, 'model folder not loaded: not complete'),
    });
  const loaded = store.loadAll(runtime, storeEvents).then(() => store.loaded());
  const { main, admin } = listeners;
  const close = () => {
    if (watch) watch.close();
    return shutDown(listeners, context, runtime);
  };
  return { url: main.url, adminUrl: admin?.url, loaded, close };
}
