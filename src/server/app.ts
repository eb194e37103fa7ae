// The HTTP application: what every request passes through, and the table of routes.

import { randomUUID } from 'node:crypto';
import express, { type Express, type RequestHandler } from 'express';
import { requireKey } from './auth.js';
import type { ServerContext } from './context.js';
import { notFound, onlyMethod, Problem, problemHandler, unavailable } from './problems.js';
import { classifyRoute } from './routes/classify.js';
import { liveRoute, readyRoute } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { modelRoute, modelsRoute } from './routes/models.js';
import { nerRoute } from './routes/ner.js';
import { openapiRoute } from './routes/openapi.js';

/** Bytes of a request's body: some thousand news articles. */
const BODY_LIMIT = 8 * 2 ** 20;

export function createApp(context: ServerContext): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(requestId, measured(context));

  const key = requireKey(context.apiKey);
  const json = [key, refuseWhileDraining(context), jsonOnly, express.json({ limit: BODY_LIMIT })];
  app.route('/classify').post(json, classifyRoute(context)).all(onlyMethod('POST'));
  app.route('/ner').post(json, nerRoute(context)).all(onlyMethod('POST'));
  app.route('/models').get(key, modelsRoute(context)).all(onlyMethod('GET'));
  app.route('/models/:name').get(key, modelRoute(context)).all(onlyMethod('GET'));
  app.route('/health/live').get(liveRoute).all(onlyMethod('GET'));
  app.route('/health/ready').get(readyRoute(context)).all(onlyMethod('GET'));
  app.route('/metrics').get(metricsRoute(context)).all(onlyMethod('GET'));
  app.route('/openapi.yaml').get(openapiRoute).all(onlyMethod('GET'));

  app.use(notFound, problemHandler(context.log, context.metrics));
  return app;
}

/** The caller's id where it is a short token, else a new one. */
const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.set('x-request-id', given && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID());
  next();
};

/** Times every request to a route by the route's pattern: paths that do not exist share one label. */
function measured({ metrics, log }: ServerContext): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.on('finish', () => {
      const seconds = (performance.now() - started) / 1000;
      const route = (request.route as { path?: string } | undefined)?.path ?? 'none';
      const model = String(response.locals.model ?? '');
      metrics.requestDuration.observe({ route, model, status: String(response.statusCode) }, seconds);
      log.debug(
        {
          request_id: response.getHeader('x-request-id'),
          method: request.method,
          route,
          model,
          status: response.statusCode,
          seconds,
        },
        'request',
      );
    });
    next();
  };
}

function refuseWhileDraining(context: ServerContext): RequestHandler {
  return (_request, response, next) => {
    if (!context.draining) return next();
    response.set('connection', 'close');
    throw unavailable('the service is shutting down', 'draining');
  };
}

const jsonOnly: RequestHandler = (request, _response, next) => {
  const matches = request.is('application/json');
  if (matches === null) throw new Problem(400, 'the body is empty; expected JSON');
  if (!matches) {
    throw new Problem(
      415,
      `expected content-type application/json, found ${request.get('content-type') ?? 'none'}`,
    );
  }
  next();
};
