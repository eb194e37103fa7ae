// What is kept of every request: its time in the metrics, and a line in the log where access is logged.

import type { Request, RequestHandler, Response } from 'express';
import type { ServerContext } from './context.js';
import { routeOf, statusOf } from './outcome.js';

export interface AccessLogOptions {
  /** The share of requests that are logged, from 0 to 1. If it is more than 0, all are logged that the service failed. */
  readonly accessLog?: number;
  /** Whether the lines have the bodies of requests, with the texts of callers. */
  readonly logTexts?: boolean;
}

/** The most of a body that is logged, in bytes. */
const LOGGED_BYTES = 10_000;

/**
 * Times every request, until its answer is sent or its caller has closed the connection. Requests are counted by the
 * pattern of their route; those to paths that do not exist share the route `none`.
 */
export function measured(
  { metrics, log }: ServerContext,
  { accessLog = 0, logTexts = false }: AccessLogOptions,
): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const mayLog = accessLog > 0 || log.isLevelEnabled('debug');
    // A closed connection no longer tells it.
    const client = mayLog ? request.ip : undefined;
    response.on('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const route = routeOf(request);
      const model = String(response.locals.model ?? '');
      const status = statusOf(response);
      metrics.requestDuration.observe({ route, model, status: String(status) }, seconds);
      if (!mayLog) return;
      const line = {
        request_id: response.getHeader('x-request-id'),
        trace_id: response.locals.traceId as string | undefined,
        method: request.method,
        client,
        key: keyOf(response),
        route,
        model,
        status,
        seconds,
        ...(logTexts && { body: bodyOf(request) }),
      };
      const isLogged = Math.random() < accessLog || (accessLog > 0 && status >= 500);
      if (isLogged) log.info(line, 'request');
      else log.debug(line, 'request');
    });
    next();
  };
}

/** The name of the API key, which is not the key. */
function keyOf({ locals }: Response): string | undefined {
  return (locals.key as { name?: string } | undefined)?.name;
}

function bodyOf({ body }: Request): string | undefined {
  return body instanceof Buffer ? body.toString('utf8', 0, LOGGED_BYTES) : undefined;
}
