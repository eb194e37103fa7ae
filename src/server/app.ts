// The HTTP application: the middleware that every request passes through, and the table of routes.

import { randomUUID } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { shortened } from '../quoted.js';
import { scopeGuard } from './access/authorize.js';
import { trustProxies } from './access/proxies.js';
import { securityHeaders } from './access/securityHeaders.js';
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
import { BodyMemory } from './requests/memory.js';
import { INLINE_BYTES } from './requests/requests.js';
import { liveRoute, readyRoute } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { modelRoute, modelsRoute, reloadRoute } from './routes/models.js';
import { openapiRoute } from './routes/openapi.js';
import { assetRoute, pageRoute } from './routes/pages.js';
import { predictRoute } from './routes/predict.js';

export interface AppOptions {
  /** The origins whose pages may call the service from a browser, `*` for all of them. Empty for none. */
  readonly corsOrigin: readonly string[];
  /** The addresses and networks of proxies whose x-forwarded-for is believed. */
  readonly trustProxy?: readonly string[];
}

/** The limit for the body of a request, in bytes: some thousand news articles. */
const BODY_LIMIT = 8 * 2 ** 20;
/** The limit for all bodies of a port that have not arrived completely, in bytes. */
const ARRIVING_LIMIT = 128 * BODY_LIMIT;

/** The routes of a port: all, those for callers of models, or those for metrics and administration. */
export type RouteGroup = 'all' | 'callers' | 'admin';

export function createApp(
  context: ServerContext,
  { corsOrigin, trustProxy }: AppOptions,
  group: RouteGroup,
): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  if (trustProxy) trustProxies(app, trustProxy);
  app.use(requestId, securityHeaders, measured(context));
  if (corsOrigin.length > 0) app.use(allowOrigins(corsOrigin));

  const requireScope = scopeGuard(context);
  const predict = requireScope('predict');
  const json = [predict, refuseWhileDraining(context), jsonOnly, readBody()];

  if (group !== 'admin') {
    app.route('/').get(pageRoute('playground.html')).all(onlyMethod('GET'));
    app.route('/docs').get(pageRoute('docs.html')).all(onlyMethod('GET'));
    app.route('/assets/:file').get(assetRoute()).all(onlyMethod('GET'));
    app.route('/classify').post(json, predictRoute(context, 'classify')).all(onlyMethod('POST'));
    app.route('/ner').post(json, predictRoute(context, 'ner')).all(onlyMethod('POST'));
    app.route('/models').get(predict, modelsRoute(context)).all(onlyMethod('GET'));
    app.route('/models/:name').get(predict, modelRoute(context)).all(onlyMethod('GET'));
  }
  if (group !== 'callers') {
    app
      .route('/models/:name/reload')
      .post(requireScope('admin'), refuseWhileDraining(context), reloadRoute(context))
      .all(onlyMethod('POST'));
    app.route('/metrics').get(requireScope('metrics'), metricsRoute(context)).all(onlyMethod('GET'));
  }
  app.route('/health/live').get(liveRoute).all(onlyMethod('GET'));
  app.route('/health/ready').get(readyRoute(context)).all(onlyMethod('GET'));
  app.route('/openapi.yaml').get(openapiRoute(context)).all(onlyMethod('GET'));
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
    // A closed connection no longer tells it.
    const client = request.ip;
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
          client,
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

/**
 * Reads the body. What it may take is set aside before, because a thousand callers could each begin a large body and
 * not end it.
 */
function readBody(): RequestHandler {
  const memory = new BodyMemory(ARRIVING_LIMIT, INLINE_BYTES);
  const read = express.raw({ limit: BODY_LIMIT, type: () => true });
  return (request, response, next) => {
    const release = memory.reserve(mostBytes(request));
    response.once('close', release);
    read(request, response, error => {
      release();
      next(error);
    });
  };
}

/** The most bytes that the body of a request may have once it is not compressed any more. */
function mostBytes(request: Request): number {
  const length = Number(request.get('content-length'));
  const isKnown = request.get('content-encoding') === undefined && Number.isSafeInteger(length);
  return isKnown ? Math.min(length, BODY_LIMIT) : BODY_LIMIT;
}

const jsonOnly: RequestHandler = (request, _response, next) => {
  const matches = request.is('application/json');
  if (matches === null) throw new Problem(400, 'expected JSON in the body, found an empty body');
  if (!matches) {
    throw new Problem(
      415,
      `expected content-type application/json, found ${shortened(request.get('content-type') ?? 'none')}`,
    );
  }
  // JSON has to be in UTF-8: https://www.rfc-editor.org/rfc/rfc8259#section-8.1
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(request.get('content-type')!)?.[1] ?? 'utf-8';
  if (charset.toLowerCase() !== 'utf-8')
    throw new Problem(415, `expected JSON in the charset utf-8, found ${shortened(charset)}`);
  next();
};
