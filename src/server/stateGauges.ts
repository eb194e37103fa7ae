// Gauges of the state of queue, engines and models, which are read at each scrape.

import { Gauge, type Registry } from 'prom-client';
import type { LoadedModel } from '../predictor/model.js';
import type { Runtime } from '../predictor/runtime.js';
import { type ModelStore, stateOf } from '../predictor/store.js';
import { VERSION } from '../version.js';

/** Registers every gauge. */
export function registerStateGauges(
  registry: Registry,
  { engines, scheduler }: Runtime,
  store: ModelStore,
): void {
  const gauge = <Label extends string = never>(
    name: string,
    help: string,
    read: (gauge: Gauge<Label>) => void,
    labelNames: Label[] = [],
  ) =>
    new Gauge<Label>({
      name: `lsllama_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        read(this);
      },
    });
  const each =
    <Label extends string>(set: (gauge: Gauge<Label>, model: LoadedModel) => void) =>
    (gauge: Gauge<Label>) => {
      gauge.reset();
      for (const model of store.loaded()) set(gauge, model);
    };
  const queued = (unit: 'sequences' | 'tokens') => (gauge: Gauge<'model'>) => {
    gauge.reset();
    for (const stored of store.all()) {
      const waiting = stored.state === 'ready' ? scheduler.queued(stored.model.id)[unit] : 0;
      gauge.set({ model: stored.name }, waiting);
    }
  };
  gauge('queue_requests', 'Sequences that wait for a batch', queued('sequences'), ['model']);
  gauge('queue_tokens', 'Tokens that wait for a batch', queued('tokens'), ['model']);
  gauge('engines', 'Engine processes, those that are being started included', gauge =>
    gauge.set(engines.size),
  );
  gauge('engines_ready', 'Engine processes that are up and have loaded their models', gauge =>
    gauge.set(engines.ready),
  );
  gauge('models_ready', 'Models that are loaded and warm', gauge =>
    gauge.set(store.all().filter(stored => stateOf(stored) === 'ready').length),
  );
  gauge(
    'model_ready',
    'Whether each model is loaded and warm: 1, or 0 while it loads, failed or has no engine',
    gauge => {
      gauge.reset();
      for (const stored of store.all())
        gauge.set({ model: stored.name }, stateOf(stored) === 'ready' ? 1 : 0);
    },
    ['model'],
  );
  gauge(
    'model_info',
    'The version of each model that is loaded; the value is always 1',
    each((gauge, { name, manifest }) => gauge.set({ model: name, version: manifest.version }, 1)),
    ['model', 'version'],
  );
  gauge(
    'build_info',
    'The version of the service; the value is always 1',
    gauge => gauge.set({ version: VERSION }, 1),
    ['version'],
  );
  gauge(
    'reference_label_share',
    'Share of each label among the predictions on the data on which the model was evaluated',
    each((gauge, { name, manifest }) => {
      for (const [label, share] of Object.entries(manifest.reference?.labels ?? {}))
        gauge.set({ model: name, label }, share);
    }),
    ['model', 'label'],
  );
  gauge(
    'reference_score',
    'Mean score of the predictions on the data on which the model was evaluated',
    each((gauge, { name, manifest: { reference } }) => {
      if (reference?.score !== undefined) gauge.set({ model: name }, reference.score);
    }),
    ['model'],
  );
}
