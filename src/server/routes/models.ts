// GET /models and /models/{name}: the models of this service and their states. POST /models/{name}/reload.

import type { RequestHandler } from 'express';
import type { Model, ModelsResponse } from '../../api/openapi.js';
import { Problem, unavailable } from '../../api/problem.js';
import { EngineCrashed, EngineError } from '../../engine/errors.js';
import { UserError } from '../../errors.js';
import { LoadInProgress, type StoredModel, stateOf } from '../../predictor/store.js';
import { quoted } from '../../quoted.js';
import type { ServerContext } from '../context.js';

export function modelsRoute({ store }: ServerContext): RequestHandler {
  return (_request, response) => {
    const answer: ModelsResponse = { models: store.all().map(describe) };
    response.json(answer);
  };
}

export function modelRoute({ store }: ServerContext): RequestHandler<{ name: string }> {
  return (request, response) => {
    const { name } = request.params;
    const stored = store.get(name);
    if (!stored) throw new Problem(404, `there is no model ${quoted(name)}`);
    response.json(describe(stored));
  };
}

/** Loads a model again from its folder, beside the one that serves. Answers when the new one has taken its place. */
export function reloadRoute(context: ServerContext): RequestHandler<{ name: string }> {
  return async (request, response) => {
    const { store, reload } = context;
    const { name } = request.params;
    if (!reload)
      throw new Problem(
        403,
        'models are not reloaded by request: start the service with API keys, or with --allow-reload',
      );
    if (!store.get(name)) throw new Problem(404, `there is no model ${quoted(name)}`);
    try {
      await reload(name);
    } catch (error) {
      if (error instanceof LoadInProgress) throw new Problem(409, error.message);
      if (error instanceof EngineCrashed) throw unavailable(`model ${name} could not be loaded: try again`);
      if (!(error instanceof UserError || error instanceof EngineError)) throw error;
      throw new Problem(422, `model ${name} could not be loaded: ${withoutPaths(error.message)}`);
    }
    response.json(describe(store.get(name)!));
  };
}

/** The paths of this machine are for the log alone. The last part of each is kept. */
function withoutPaths(message: string): string {
  return message.replace(/(?:\/[^\s/:"]+)+\/(?=[^\s/])/g, '');
}

function describe(stored: StoredModel): Model {
  const { name } = stored;
  const state = stateOf(stored);
  if (stored.state !== 'ready') return { name, state };
  const { version, task, labels, precision, maxLength } = stored.model.manifest;
  const { reloadError } = stored;
  return {
    name,
    state,
    version,
    task,
    labels,
    precision,
    max_length: maxLength,
    ...(reloadError !== undefined && { reload_error: withoutPaths(reloadError) }),
  };
}
