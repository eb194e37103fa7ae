// Which model a request is for, and how long its answer is of use.

import type { Response } from 'express';
import type { Task } from '../../model/manifest.js';
import type { LoadedModel, Urgency } from '../../predictor/model.js';
import type { ModelStore } from '../../predictor/store.js';
import { Problem, unavailable, unprocessable } from '../problems.js';

const TASK_NAMES: Record<Task, string> = { sequence: 'a sequence classifier', token: 'an entity tagger' };
const DEFAULT_TIMEOUT_MS = 60_000;

/** The named model, or the only loaded one of the route's task. Throws Problem 404, 422 or 503. */
export function selectModel(store: ModelStore, task: Task, name: string | undefined): LoadedModel {
  if (name === undefined) return onlyModel(store, task);
  const stored = store.get(name);
  if (!stored) {
    const names = store.all().map(model => model.name);
    throw new Problem(404, `no model ${JSON.stringify(name)}; there are ${names.join(', ')}`);
  }
  if (stored.state === 'loading') throw unavailable(`model ${name} is still loading`, 'not_ready');
  if (stored.state === 'failed') throw unavailable(`model ${name} could not be loaded`, 'not_ready');
  if (stored.model.manifest.task !== task) {
    throw unprocessable(
      '/model',
      `${name} is ${TASK_NAMES[stored.model.manifest.task]}, this route needs ${TASK_NAMES[task]}`,
    );
  }
  return stored.model;
}

function onlyModel(store: ModelStore, task: Task): LoadedModel {
  const models = store.ofTask(task);
  const [model] = models;
  if (models.length > 1) {
    const names = models.map(({ name }) => name).join(', ');
    throw unprocessable('/model', `has to name one of ${names}`);
  }
  if (model) return model;
  if (store.all().some(({ state }) => state === 'loading'))
    throw unavailable('the models are still loading', 'not_ready');
  throw new Problem(404, `no model here is ${TASK_NAMES[task]}`);
}

/** The request's deadline, and a signal for a caller that hangs up. */
export function urgencyOf(response: Response, timeoutMs: number = DEFAULT_TIMEOUT_MS): Urgency {
  const hungUp = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) hungUp.abort();
  });
  return { deadline: performance.now() + timeoutMs, signal: hungUp.signal };
}
