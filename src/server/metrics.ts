// The metrics that Prometheus reads. The service's own start with lsllama_; those of the process and of Node keep the
// names process_* and nodejs_*, which common dashboards expect.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { modelOf } from '../predictor/model.js';
import type { Runtime } from '../predictor/runtime.js';
import { type ModelStore, stateOf } from '../predictor/store.js';
import type { BatchReport } from '../scheduler/scheduler.js';

/** Buckets in seconds, from a forward pass of a few tokens on a GPU to a deadline of a minute. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Gauges of prom-client that have the names of counters. Its gauges without `_total` hold the same numbers, by type.
 */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export class Metrics {
  readonly registry = new Registry();
  readonly requestDuration = this.#histogram(
    'request_duration_seconds',
    'Time from a request to its answer; status 499 means that the caller closed the connection first',
    SECONDS,
    ['route', 'model', 'status'],
  );
  readonly tokenizeDuration = this.#histogram(
    'tokenize_duration_seconds',
    'Time to tokenise one request',
    SECONDS,
  );
  readonly queueDuration = this.#histogram(
    'queue_duration_seconds',
    'Time that a sequence waited for its batch',
    SECONDS,
    ['model'],
  );
  readonly inferenceDuration = this.#histogram(
    'inference_duration_seconds',
    'Time of one forward pass',
    SECONDS,
    ['model'],
  );
  readonly batchRequests = this.#histogram(
    'batch_requests',
    'Sequences in one forward pass',
    [1, 2, 4, 8, 16, 32, 64, 128, 256],
    ['model'],
  );
  readonly batchTokens = this.#histogram(
    'batch_tokens',
    'Tokens in one forward pass',
    [16, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
    ['model'],
  );
  readonly rejected = this.#counter(
    'requests_rejected_total',
    'Requests that were refused: queue_full, deadline, draining, not_ready, engine_down, memory, unauthorized, forbidden or rate_limited',
    ['reason'],
  );
  readonly keyRequests = this.#counter('key_requests_total', 'Requests by the name of their API key', [
    'key',
  ]);
  readonly keyTokens = this.#counter('key_tokens_total', 'Tokens of texts by the name of the API key', [
    'key',
  ]);
  readonly engineRestarts = this.#counter(
    'engine_restarts_total',
    'Engine processes that ended by themselves and were started again',
  );
  readonly modelReloads = this.#counter(
    'model_reloads_total',
    'Models that another version of the folder should replace: loaded or failed',
    ['model', 'result'],
  );
  readonly cacheRequests = this.#counter(
    'cache_requests_total',
    'Sequences that were looked up in the result cache',
    ['result'],
  );
  readonly predictions = this.#counter(
    'predictions_total',
    'Texts by their most probable label, and entities by their label',
    ['model', 'label'],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
  }

  /** Counts the events of the runtime, and reads the state of queue, engines and models at each scrape. */
  observe({ engines, scheduler, results }: Runtime, store: ModelStore): void {
    const perModel = (value: (id: string) => number) => (gauge: Gauge<'model'>) => {
      gauge.reset();
      for (const stored of store.all()) {
        gauge.set({ model: stored.name }, stored.state === 'ready' ? value(stored.model.id) : 0);
      }
    };
    this.#gauge(
      'queue_requests',
      'Sequences that wait for a batch',
      perModel(id => scheduler.queued(id).sequences),
      ['model'],
    );
    this.#gauge(
      'queue_tokens',
      'Tokens that wait for a batch',
      perModel(id => scheduler.queued(id).tokens),
      ['model'],
    );
    this.#gauge('engines_ready', 'Engine processes that are up and have loaded their models', gauge =>
      gauge.set(engines.ready),
    );
    this.#gauge('models_ready', 'Models that are loaded and warm', gauge =>
      gauge.set(store.all().filter(stored => stateOf(stored) === 'ready').length),
    );
    this.#gauge(
      'model_info',
      'The version of each model that is loaded; the value is always 1',
      gauge => {
        gauge.reset();
        for (const stored of store.all()) {
          if (stored.state !== 'ready') continue;
          gauge.set({ model: stored.name, version: stored.model.manifest.version }, 1);
        }
      },
      ['model', 'version'],
    );
    scheduler.on('batch', report => this.#countBatch(report));
    engines.on('restart', () => this.engineRestarts.inc());
    results?.on('lookup', result => this.cacheRequests.inc({ result }));
  }

  #countBatch({ model: id, sequences, tokens, seconds, waited }: BatchReport): void {
    const model = modelOf(id);
    this.inferenceDuration.observe({ model }, seconds);
    this.batchRequests.observe({ model }, sequences);
    this.batchTokens.observe({ model }, tokens);
    for (const wait of waited) this.queueDuration.observe({ model }, wait);
  }

  #histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ) {
    return new Histogram<Label>({
      name: `lsllama_${name}`,
      help,
      buckets,
      labelNames,
      registers: [this.registry],
    });
  }

  #counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
    return new Counter<Label>({ name: `lsllama_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<Label extends string = never>(
    name: string,
    help: string,
    read: (gauge: Gauge<Label>) => void,
    labelNames: Label[] = [],
  ) {
    return new Gauge<Label>({
      name: `lsllama_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        read(this);
      },
    });
  }
}
