// The HTTP application: the middleware that every request passes through, and the table of routes.

import { randomUUID } from 'node:crypto';
import express, { type Express, type RequestHandler } from 'express';
import { utf8Fault } from '../utf8.js';
import { requireKey } from './auth.js';
import type { ServerContext } from './context.js';
import { allowOrigins } from './cors.js';
import {
  CLIENT_CLOSED_REQUEST,
  notFound,
  onlyMethod,
  Problem,
  problemHandler,
  unavailable,
} from './problems.js';
import { classifyRoute } from './routes/classify.js';
import { liveRoute, readyRoute } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { modelRoute, modelsRoute, reloadRoute } from './routes/models.js';
import { nerRoute } from './routes/ner.js';
import { openapiRoute } from './routes/openapi.js';

export interface AppOptions {
  /** The bearer token that callers must send. Callers need none unless it is given. */
  readonly apiKey?: string;
  /** The origins whose pages may call the service from a browser, `*` for all of them. Empty for none. */
  readonly corsOrigin: readonly string[];
}

/** The limit for the body of a request, in bytes: some thousand news articles. */
const BODY_LIMIT = 8 * 2 ** 20;

export function createApp(context: ServerContext, { apiKey, corsOrigin }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(requestId, measured(context));
  if (corsOrigin.length > 0) app.use(allowOrigins(corsOrigin));

  const key = requireKey(apiKey);
  const json = [
    key,
    refuseWhileDraining(context),
    jsonOnly,
    express.json({ limit: BODY_LIMIT, verify: utf8Only }),
  ];
  app.route('/classify').post(json, classifyRoute(context)).all(onlyMethod('POST'));
  app.route('/ner').post(json, nerRoute(context)).all(onlyMethod('POST'));
  app.route('/models').get(key, modelsRoute(context)).all(onlyMethod('GET'));
  app.route('/models/:name').get(key, modelRoute(context)).all(onlyMethod('GET'));
  app
    .route('/models/:name/reload')
    .post(key, refuseWhileDraining(context), reloadRoute(context))
    .all(onlyMethod('POST'));
  app.route('/health/live').get(liveRoute).all(onlyMethod('GET'));
  app.route('/health/ready').get(readyRoute(context)).all(onlyMethod('GET'));
  app.route('/metrics').get(metricsRoute(context)).all(onlyMethod('GET'));
  app.route('/openapi.yaml').get(openapiRoute).all(onlyMethod('GET'));

  app.use(notFound, problemHandler(context.log, context.metrics));
  return app;
}

/** Sets the id of the answer: the caller's x-request-id if it is a short token, else a new id. */
const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.set('x-request-id', given && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID());
  next();
};

/**
 * Times every request, until its answer is sent or its caller has closed the connection. Requests are counted by the
 * pattern of their route; those to paths that do not exist share the route `none`.
 */
function measured({ metrics, log }: ServerContext): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.on('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const route = (request.route as { path?: string } | undefined)?.path ?? 'none';
      const model = String(response.locals.model ?? '');
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
      metrics.requestDuration.observe({ route, model, status: String(status) }, seconds);
      log.debug(
        {
          request_id: response.getHeader('x-request-id'),
          method: request.method,
          route,
          model,
          status,
          seconds,
        },
        'request',
      );
    });
    next();
  };
}

function refuseWhileDraining(context: ServerContext): RequestHandler {
  return (_request, _response, next) => {
    if (!context.draining) return next();
    throw unavailable('the service is shutting down', 'draining');
  };
}

const jsonOnly: RequestHandler = (request, _response, next) => {
  const matches = request.is('application/json');
  if (matches === null) throw new Problem(400, 'expected JSON in the body, found an empty body');
  if (!matches) {
    throw new Problem(
      415,
      `expected content-type application/json, found ${request.get('content-type') ?? 'none'}`,
    );
  }
  next();
};

/** Refuses bodies that are not UTF-8, as JSON has to be (RFC 8259, section 8.1). express.json would put U+FFFD into them. */
function utf8Only(_request: unknown, _response: unknown, body: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw new Problem(415, `expected JSON in the charset utf-8, found ${charset}`);
  const fault = utf8Fault(body);
  if (fault) throw new Problem(400, `the body is not valid JSON: ${fault}`);
}
