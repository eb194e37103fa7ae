// An answer other than 200, as an RFC 9457 problem: https://www.rfc-editor.org/rfc/rfc9457

import { STATUS_CODES } from 'node:http';
import { Refusal } from '../errors.js';
import type { Problem as ProblemDocument } from './openapi.js';

/** Why a request is refused. */
export const REJECTION_REASONS = [
  'queue_full',
  'deadline',
  'draining',
  'not_ready',
  'engine_down',
  'memory',
  'unauthorized',
  'forbidden',
  'rate_limited',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** The services whose clients expect errors in another form than a problem document. */
export type ErrorShape = 'huggingFace' | 'openInference' | 'textEmbeddings' | 'vllm';

/** A mismatch in the request body, and a JSON pointer to it. */
export type FieldError = NonNullable<ProblemDocument['errors']>[number];

export interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  readonly headers?: Record<string, string>;
  /** The label with which the metrics count the request as rejected. It is not counted unless this is given. */
  readonly reason?: RejectionReason;
  /** The form of the answer, where the body tells it and not the path. */
  readonly shape?: ErrorShape;
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

/** The document of a problem, for an answer with its status or another one. */
export function problemDocument(problem: Problem, status = problem.status): ProblemDocument {
  const { message, options } = problem;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    ...(options.errors && { errors: options.errors }),
  };
}
