// Chooses the model that a request is for.

import type { Response } from 'express';
import { Problem, unavailable, unprocessable } from '../../api/problem.js';
import type { Task } from '../../model/manifest.js';
import type { LoadedModel } from '../../predictor/model.js';
import type { ModelStore } from '../../predictor/store.js';
import { quoted } from '../../quoted.js';

const TASK_NAMES: Record<Task, string> = { sequence: 'a sequence classifier', token: 'an entity tagger' };

/**
 * The named model, or the only loaded model of the route's task, or of any where it has none. It stays loaded until the response is closed, and counts
 * for the metrics as the model of the request. Throws Problem 404 for an unknown model, 422 if the model has another task
 * or has to be named, 503 if it is not loaded, or none is named and one that could not be loaded may be meant.
 */
export function selectModel(
  store: ModelStore,
  response: Response,
  task: Task | undefined,
  name: string | undefined,
): LoadedModel {
  const model = name === undefined ? onlyModel(store, task) : modelOfTask(store, task, name);
  const release = model.hold();
  // The event comes only once, and may have come already.
  if (response.destroyed) release();
  else response.once('close', release);
  response.locals.model = model.name;
  return model;
}

function modelOfTask(store: ModelStore, task: Task | undefined, name: string): LoadedModel {
  const model = loadedModel(store, name);
  if (task === undefined || model.manifest.task === task) return model;
  throw unprocessable(
    '/model',
    `${name} is ${TASK_NAMES[model.manifest.task]}, this route needs ${TASK_NAMES[task]}`,
  );
}

/** The model of a name. Throws Problem 404 if there is none, 503 if it is not loaded. */
function loadedModel(store: ModelStore, name: string): LoadedModel {
  const stored = store.get(name);
  if (!stored) {
    const names = store.all().map(model => model.name);
    throw new Problem(404, `there is no model ${quoted(name)}; the models are ${names.join(', ')}`);
  }
  if (stored.state === 'loading') throw unavailable(`model ${name} is still loading`, 'not_ready');
  if (stored.state === 'failed') throw unavailable(`model ${name} could not be loaded`, 'not_ready');
  return stored.model;
}

/** What paths say about a model. */
export type PathParams = { readonly name?: string; readonly version?: string };

/** The model that a path names. Throws Problem as `loadedModel` does, and 404 if the path asks for another version. */
export function modelOfPath(store: ModelStore, { name = '', version }: PathParams): LoadedModel {
  const model = loadedModel(store, name);
  const served = model.manifest.version;
  if (version === undefined || version === served) return model;
  throw new Problem(404, `there is no version ${quoted(version)} of model ${name}; its version is ${served}`);
}

/** Throws Problem as `selectModel` does. */
export function onlyModel(store: ModelStore, task: Task | undefined): LoadedModel {
  const models = store.loaded().filter(({ manifest }) => task === undefined || manifest.task === task);
  const [model] = models;
  if (models.length > 1) {
    const names = models.map(({ name }) => name).join(', ');
    throw unprocessable('/model', `expected the name of a model, one of ${names}`);
  }
  if (model) return model;
  if (store.all().some(({ state }) => state === 'loading'))
    throw unavailable('the models are still loading', 'not_ready');
  const failed = store.all().filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    const names = failed.map(({ name }) => name).join(', ');
    throw unavailable(`${missing(task)}; could not be loaded: ${names}`, 'not_ready');
  }
  throw new Problem(404, missing(task));
}

function missing(task: Task | undefined): string {
  return task === undefined ? 'no model is loaded' : `no loaded model is ${TASK_NAMES[task]}`;
}
