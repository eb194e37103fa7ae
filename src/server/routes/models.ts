// GET /models and /models/{name}: what is served here.

import type { RequestHandler } from 'express';
import type { StoredModel } from '../../predictor/store.js';
import type { ServerContext } from '../context.js';
import { Problem } from '../problems.js';

export function modelsRoute({ store }: ServerContext): RequestHandler {
  return (_request, response) => {
    response.json({ models: store.all().map(describe) });
  };
}

export function modelRoute({ store }: ServerContext): RequestHandler<{ name: string }> {
  return (request, response) => {
    const { name } = request.params;
    const stored = store.get(name);
    if (!stored) throw new Problem(404, `no model ${JSON.stringify(name)}`);
    response.json(describe(stored));
  };
}

function describe(stored: StoredModel) {
  const { name, state } = stored;
  if (stored.state !== 'ready') return { name, state };
  const { version, task, labels, precision, maxLength } = stored.model.manifest;
  return { name, state, version, task, labels, precision, max_length: maxLength };
}
