// Errors as RFC 9457 problem documents: https://www.rfc-editor.org/rfc/rfc9457

import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { DeadlinePassed, Draining, QueueFull } from '../scheduler/errors.js';
import type { Metrics } from './metrics.js';

export interface FieldError {
  /** A JSON pointer into the request body. */
  readonly path: string;
  readonly message: string;
}

interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  readonly headers?: Record<string, string>;
  /** For the counter of rejected requests. */
  readonly reason?: string;
}

/** An answer other than 200. `detail` is for the caller to read. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.options = options;
  }
}

export function unprocessable(path: string, message: string): Problem {
  return new Problem(422, `${path}: ${message}`, { errors: [{ path, message }] });
}

/** 503, to be tried again in a second. A reason counts it among the rejected requests. */
export function unavailable(detail: string, reason?: string): Problem {
  return new Problem(503, detail, { ...(reason && { reason }), headers: { 'retry-after': '1' } });
}

export const notFound: RequestHandler = (request, _response) => {
  throw new Problem(404, `no such path: ${request.path}`);
};

/** Refuses the methods that a path does not have. */
export function onlyMethod(method: 'GET' | 'POST'): RequestHandler {
  return request => {
    throw new Problem(405, `${request.path} takes ${method}, not ${request.method}`, {
      headers: { allow: method },
    });
  };
}

/** Answers every error as a problem; what nobody foresaw is logged, and told to nobody. */
export function problemHandler(log: Logger, metrics: Metrics): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const problem = asProblem(error);
    if (problem.status === 500)
      log.error({ err: error, request_id: response.getHeader('x-request-id') }, 'request failed');
    if (problem.options.reason) metrics.rejected.inc({ reason: problem.options.reason });
    send(response, problem);
  };
}

function send(response: Response, { status, message, options }: Problem): void {
  response
    .status(status)
    .set({ 'content-type': 'application/problem+json', ...options.headers })
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: STATUS_CODES[status],
        status,
        detail: message,
        ...(options.errors && { errors: options.errors }),
      }),
    );
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof QueueFull) {
    return new Problem(429, `the queue is full: ${error.message}`, {
      reason: 'queue_full',
      headers: { 'retry-after': '1' },
    });
  }
  if (error instanceof Draining) return unavailable('the service is shutting down', 'draining');
  if (error instanceof DeadlinePassed) return new Problem(504, error.message, { reason: 'deadline' });
  return bodyProblem(error) ?? new Problem(500, 'the request failed; the service log says why');
}

/** What express.json throws: https://github.com/expressjs/body-parser#errors */
function bodyProblem(error: unknown): Problem | undefined {
  const { type, status, limit, message } = error as {
    type?: string;
    status?: number;
    limit?: number;
    message?: string;
  };
  if (type === 'entity.parse.failed') return new Problem(400, `the body is not valid JSON: ${message}`);
  if (type === 'entity.too.large') return new Problem(413, `the body is larger than ${limit} bytes`);
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new Problem(415, message ?? '');
  // A bad percent-encoding in the path, a broken gzip body, a body cut short.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new Problem(status, 'the request is malformed');
  return undefined;
}
