// The metrics that Prometheus reads. The service's own start with lsllama_; those of the process and of Node keep the
// names process_* and nodejs_*, which common dashboards expect.

import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { PredictionCounts } from '../api/answer.js';
import { REJECTION_REASONS } from '../api/problem.js';
import { modelOf } from '../predictor/model.js';
import type { Runtime } from '../predictor/runtime.js';
import type { ModelStore } from '../predictor/store.js';
import type { BatchReport } from '../scheduler/scheduler.js';
import { registerStateGauges } from './stateGauges.js';

/**
 * Buckets in seconds, from the encoding of a short text and a forward pass on a GPU to a deadline of a minute. Between
 * 1 ms and 10 s each is at most two thirds wider than the one before, which bounds the error of a quantile.
 */
const SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0015, 0.0025, 0.0035, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.035, 0.05,
  0.075, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 3.5, 5, 7.5, 10, 15, 30, 60,
];

/** Buckets of probabilities. They are narrow near 1, where most scores of a good model are. */
const PROBABILITIES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1];

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
    ['model'],
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
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    ['model'],
  );
  readonly batchTokens = this.#histogram(
    'batch_tokens',
    'Tokens in one forward pass',
    [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
    ['model'],
  );
  readonly rejected = this.#counter(
    'requests_rejected_total',
    `Requests that were refused, by the reason: ${REJECTION_REASONS.join(', ')}`,
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
  readonly #predictions = this.#counter(
    'predictions_total',
    'Texts by their most probable label, and entities by their label',
    ['model', 'label'],
  );
  readonly #predictionScore = this.#histogram(
    'prediction_score',
    'Score of the most probable label of a text, or of an entity; of the first predictions of each answer',
    PROBABILITIES,
    ['model'],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    // A counter that appears with its first event does not show that event as an increase.
    for (const reason of REJECTION_REASONS) this.rejected.inc({ reason }, 0);
  }

  /** Counts the events of the runtime, and reads the state of queue, engines and models at each scrape. */
  observe(runtime: Runtime, store: ModelStore): void {
    const { engines, scheduler, results } = runtime;
    registerStateGauges(this.registry, runtime, store);
    scheduler.on('batch', report => this.#countBatch(report));
    engines.on('restart', () => this.engineRestarts.inc());
    for (const result of ['hit', 'miss']) this.cacheRequests.inc({ result }, 0);
    results?.on('lookup', result => this.cacheRequests.inc({ result }));
    for (const { name: model } of store.all())
      for (const result of ['loaded', 'failed']) this.modelReloads.inc({ model, result }, 0);
  }

  /** Counts what an answer holds: how often each label, and the first scores. */
  countPredictions(model: string, { labels, scores }: PredictionCounts): void {
    for (const [label, count] of labels) this.#predictions.inc({ model, label }, count);
    for (const score of scores) this.#predictionScore.observe({ model }, score);
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
}
