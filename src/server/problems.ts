// Errors as RFC 9457 problem documents: https://www.rfc-editor.org/rfc/rfc9457

import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { Refusal } from '../errors.js';
import { shortened } from '../quoted.js';
import { CallerGone, DeadlinePassed, EngineDown, FatalSequence, QueueFull } from '../scheduler/errors.js';
import type { Metrics, RejectionReason } from './metrics.js';
import type { Problem as ProblemDocument } from './openapi.js';

/** The status of requests whose caller closed the connection before the answer, as nginx logs it. It is never sent. */
export const CLIENT_CLOSED_REQUEST = 499;

/** A mismatch in the request body, and a JSON pointer to it. */
export type FieldError = NonNullable<ProblemDocument['errors']>[number];

export interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  readonly headers?: Record<string, string>;
  /** The label with which the metrics count the request as rejected. It is not counted unless this is given. */
  readonly reason?: RejectionReason;
}

/** An answer other than 200. Its message is the detail that the caller reads. */
export class Problem extends Refusal {
  override readonly name = 'Problem';
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.options = options;
  }
}

/** 422 for one place in the request body; `path` is a JSON pointer to it. The empty path is the body as a whole. */
export function unprocessable(path: string, message: string): Problem {
  return new Problem(422, `${path || 'the body'}: ${message}`, { errors: [{ path, message }] });
}

/** 503 that asks the caller to try again after some seconds. `reason` counts it as a rejected request. */
export function unavailable(detail: string, reason?: RejectionReason, seconds = 1): Problem {
  return new Problem(503, detail, { ...(reason && { reason }), headers: { 'retry-after': String(seconds) } });
}

export const notFound: RequestHandler = (request, _response) => {
  throw new Problem(404, `there is no path ${shortened(request.path)}`);
};

/** Answers 405 to every method that a path does not take. */
export function onlyMethod(method: 'GET' | 'POST'): RequestHandler {
  return request => {
    throw new Problem(405, `${shortened(request.path)} takes ${method}, not ${request.method}`, {
      headers: { allow: method },
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
  response
    .status(problem.status)
    .set({ 'content-type': 'application/problem+json', ...problem.options.headers })
    .send(JSON.stringify(problemDocument(problem)));
}

export function problemDocument({ status, message, options }: Problem): ProblemDocument {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    ...(options.errors && { errors: options.errors }),
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
