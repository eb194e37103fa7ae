// Answers errors as problem documents.

import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { type ErrorShape, Problem, problemDocument, unavailable } from '../api/problem.js';
import { errorAnswer } from '../compat/errors.js';
import { shortened } from '../quoted.js';
import { CallerGone, DeadlinePassed, EngineDown, FatalSequence, QueueFull } from '../scheduler/errors.js';
import type { Metrics } from './metrics.js';

/** The status of requests whose caller closed the connection before the answer, as nginx logs it. It is never sent. */
export const CLIENT_CLOSED_REQUEST = 499;

export const notFound: RequestHandler = (request, _response) => {
  throw new Problem(404, `there is no path ${shortened(request.path)}`);
};

/** Answers 405 to every method that a path does not take. */
export function onlyMethod(...methods: readonly ('GET' | 'POST')[]): RequestHandler<object> {
  return request => {
    const taken = methods.join(' and ');
    throw new Problem(405, `${shortened(request.path)} takes ${taken}, not ${request.method}`, {
      headers: { allow: methods.join(', ') },
    });
  };
}

/** Answers every error as a problem. The details of an unexpected error go to the log, never to the caller. */
export function problemHandler(log: Logger, metrics: Metrics): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const problem = asProblem(error);
    if (problem.status === 500)
      log.error({ err: error, request_id: response.getHeader('x-request-id') }, 'request failed');
    // The caller has closed the connection: the request was not rejected, and nobody reads an answer.
    if (request.socket.destroyed) return;
    if (problem.options.reason) metrics.rejected.inc({ reason: problem.options.reason });
    send(response, problem);
  };
}

function send(response: Response, problem: Problem): void {
  const shape = problem.options.shape ?? (response.locals.errorShape as ErrorShape | undefined);
  const { status, members } = shape ? errorAnswer(shape, problem) : { status: problem.status, members: {} };
  const body = Buffer.from(JSON.stringify({ ...problemDocument(problem, status), ...members }));
  // Under overload most answers are refusals. Express's own send() would take twice the time.
  response
    .writeHead(status, {
      'content-type': 'application/problem+json; charset=utf-8',
      ...problem.options.headers,
      'content-length': body.length,
    })
    .end(body);
}

/** Has the errors of a route told in the form of another service as well. */
export function errorsAs(shape: ErrorShape): RequestHandler {
  return (_request, response, next) => {
    response.locals.errorShape = shape;
    next();
  };
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof QueueFull) {
    return new Problem(429, `the queue is full: ${error.message}`, {
      reason: 'queue_full',
      headers: { 'retry-after': String(error.retryAfter) },
    });
  }
  // Nobody reads this answer.
  if (error instanceof CallerGone) return new Problem(CLIENT_CLOSED_REQUEST, error.message);
  if (error instanceof FatalSequence) return new Problem(500, error.message);
  if (error instanceof EngineDown) return unavailable(error.message, 'engine_down', error.retryAfterSeconds);
  if (error instanceof DeadlinePassed) return new Problem(504, error.message, { reason: 'deadline' });
  return bodyProblem(error) ?? new Problem(500, 'the request failed; the service log says why');
}

/** A problem for the errors that express.raw throws: https://github.com/expressjs/body-parser#errors */
function bodyProblem(error: unknown): Problem | undefined {
  const { type, status, limit, message } = error as {
    type?: string;
    status?: number;
    limit?: number;
    message?: string;
  };
  if (type === 'entity.too.large') return new Problem(413, `the body is larger than ${limit} bytes`);
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new Problem(415, shortened(message ?? ''));
  // For example a bad percent-encoding in the path, a broken gzip body, or a body that is cut short.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new Problem(status, 'the request is malformed');
  return undefined;
}
