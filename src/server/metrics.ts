// What Prometheus reads. Every name starts with lsllama_.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Runtime } from '../predictor/runtime.js';
import type { ModelStore } from '../predictor/store.js';
import type { BatchReport } from '../scheduler/scheduler.js';

/** From a forward pass of a few tokens on a GPU to a deadline of a minute. Seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class Metrics {
  readonly registry = new Registry();
  readonly requestDuration = this.#histogram(
    'request_duration_seconds',
    'Time from request to answer',
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
    'Time a sequence waited for its batch',
    SECONDS,
  );
  readonly inferenceDuration = this.#histogram(
    'inference_duration_seconds',
    'Time of one forward pass',
    SECONDS,
  );
  readonly batchRequests = this.#histogram(
    'batch_requests',
    'Sequences in one forward pass',
    [1, 2, 4, 8, 16, 32, 64, 128, 256],
  );
  readonly batchTokens = this.#histogram(
    'batch_tokens',
    'Tokens in one forward pass',
    [16, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
  );
  readonly rejected = this.#counter(
    'requests_rejected_total',
    'Requests refused for want of room, time or permission',
    ['reason'],
  );
  readonly engineRestarts = this.#counter(
    'engine_restarts_total',
    'Engine processes that ended by themselves and were started again',
  );
  readonly cacheRequests = this.#counter(
    'cache_requests_total',
    'Sequences looked up among those computed before',
    ['result'],
  );
  readonly predictions = this.#counter('predictions_total', 'Texts by their label, entities by theirs', [
    'model',
    'label',
  ]);

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'lsllama_' });
  }

  /** Reads the queue's and the store's state whenever Prometheus asks. */
  observe({ engines, scheduler, results }: Runtime, store: ModelStore): void {
    this.#gauge('queue_requests', 'Sequences that wait for a batch', () => scheduler.queuedSequences);
    this.#gauge('queue_tokens', 'Tokens that wait for a batch', () => scheduler.queuedTokens);
    this.#gauge(
      'engines_ready',
      'Models loaded and warm',
      () => store.all().filter(({ state }) => state === 'ready').length,
    );
    scheduler.on('batch', report => this.#countBatch(report));
    engines.on('restart', () => this.engineRestarts.inc());
    results?.on('lookup', result => this.cacheRequests.inc({ result }));
  }

  #countBatch({ sequences, tokens, seconds, waited }: BatchReport): void {
    this.inferenceDuration.observe(seconds);
    this.batchRequests.observe(sequences);
    this.batchTokens.observe(tokens);
    for (const wait of waited) this.queueDuration.observe(wait);
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

  #gauge(name: string, help: string, read: () => number) {
    return new Gauge({
      name: `lsllama_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
