// The HTTP application: the middleware that every request passes through, and the table of routes.

import { randomUUID } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { Problem, unavailable } from '../api/problem.js';
import { shortened } from '../quoted.js';
import { scopeGuard } from './access/authorize.js';
import { trustProxies } from './access/proxies.js';
import { securityHeaders } from './access/securityHeaders.js';
import type { ServerContext } from './context.js';
import { allowOrigins } from './cors.js';
import { type AccessLogOptions, measured } from './measured.js';
import { errorsAs, notFound, onlyMethod, problemHandler } from './problems.js';
import { BodyMemory } from './requests/memory.js';
import { INLINE_BYTES } from './requests/requests.js';
import { addCompatRoutes } from './routes/compat.js';
import { liveRoute, readyRoute } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { modelRoute, modelsRoute, reloadRoute } from './routes/models.js';
import { openapiRoute } from './routes/openapi.js';
import { assetRoute, pageRoute } from './routes/pages.js';
import { predictRoute, targetOfPath } from './routes/predict.js';

export interface AppOptions extends AccessLogOptions {
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

export function createApp(context: ServerContext, options: AppOptions, group: RouteGroup): Express {
  const { corsOrigin, trustProxy } = options;
  const app = express();
  app.disable('x-powered-by').disable('etag');
  if (trustProxy) trustProxies(app, trustProxy);
  app.use(requestId, securityHeaders);
  if (context.tracing) app.use(context.tracing.middleware);
  app.use(measured(context, options));
  if (corsOrigin.length > 0) app.use(allowOrigins(corsOrigin));

  const requireScope = scopeGuard(context);
  const predict = requireScope('predict');
  const read = readBody();
  const json = [predict, refuseWhileDraining(context), jsonOnly, read];
  const anyType = [predict, refuseWhileDraining(context), read];
  const problems = problemHandler(context.log, context.metrics);

  if (group !== 'admin') {
    const classify = predictRoute(context, () => ({ kind: 'classify', task: 'sequence' }));
    const ner = predictRoute(context, () => ({ kind: 'ner', task: 'token' }));
    // The errors of these routes are handled at once. The router compares an error's path with every route that follows.
    app.route('/classify').post(json, classify, problems).all(onlyMethod('POST'));
    app.route('/ner').post(json, ner, problems).all(onlyMethod('POST'));
    app.route('/models').get(predict, modelsRoute(context)).all(onlyMethod('GET'));
    const ofModel = { sequence: 'huggingFaceLabels', token: 'huggingFaceEntities' } as const;
    app
      .route('/models/:name')
      .get(predict, modelRoute(context))
      .post(errorsAs('huggingFace'), json, predictRoute(context, targetOfPath(context.store, ofModel)))
      .all(onlyMethod('GET', 'POST'));
    addCompatRoutes(app, context, { predict, json, anyType });
    app.route('/').get(pageRoute('playground.html')).all(onlyMethod('GET'));
    app.route('/docs').get(pageRoute('docs.html')).all(onlyMethod('GET'));
    app.route('/assets/:file').get(assetRoute()).all(onlyMethod('GET'));
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
  app.route('/health').get(readyRoute(context)).all(onlyMethod('GET'));
  app.route('/openapi.yaml').get(openapiRoute(context)).all(onlyMethod('GET'));
  app.use(notFound, problems);
  return app;
}

/** Sets the id of the answer: the caller's x-request-id if it is a short token, else a new id. */
const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.set('x-request-id', given && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID());
  next();
};

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
  // The route refuses a request without a body.
  if (matches === null) return next();
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
