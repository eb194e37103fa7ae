// GET /health/live: the process answers. GET /health/ready: the models are loaded.

import type { RequestHandler } from 'express';
import { unavailable } from '../../api/problem.js';
import { stateOf } from '../../predictor/store.js';
import type { ServerContext } from '../context.js';

export const liveRoute: RequestHandler = (_request, response) => {
  response.json({ status: 'live' });
};

export function readyRoute(context: ServerContext): RequestHandler {
  return (_request, response) => {
    expectReady(context);
    response.json({ status: 'ready' });
  };
}

/** Throws Problem 503 while the service is not ready, or is shutting down. */
export function expectReady(context: ServerContext): void {
  if (context.stopping) throw unavailable('the service is shutting down');
  if (!context.store.ready) throw unavailable(unreadyModels(context));
}

function unreadyModels({ store }: ServerContext): string {
  const states = store.all().map(stored => [stored.name, stateOf(stored)] as const);
  const waiting = states.filter(([, state]) => state !== 'ready');
  return `not ready: ${waiting.map(([name, state]) => `${name} ${state}`).join(', ')}`;
}
