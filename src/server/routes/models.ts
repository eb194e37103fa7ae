// GET /models and /models/{name}: the models of this service and their states.

import type { RequestHandler } from 'express';
import { type StoredModel, stateOf } from '../../predictor/store.js';
import { quoted } from '../../quoted.js';
import type { ServerContext } from '../context.js';
import type { Model, ModelsResponse } from '../openapi.js';
import { Problem } from '../problems.js';

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

function describe(stored: StoredModel): Model {
  const { name } = stored;
  const state = stateOf(stored);
  if (stored.state !== 'ready') return { name, state };
  const { version, task, labels, precision, maxLength } = stored.model.manifest;
  return { name, state, version, task, labels, precision, max_length: maxLength };
}
