// Errors in the forms that the clients of other services expect.

import type { ErrorShape, Problem } from '../api/problem.js';

interface ErrorAnswer {
  readonly status: number;
  /** What its clients read, beside the members of a problem document. */
  readonly members: object;
}

/** The status of a problem, and the members that tell it in the form of another service. */
export function errorAnswer(shape: ErrorShape, problem: Problem): ErrorAnswer {
  return SHAPES[shape](problem);
}

const SHAPES: Readonly<Record<ErrorShape, (problem: Problem) => ErrorAnswer>> = {
  huggingFace: ({ status, message }) => ({ status, members: { error: message } }),
  openInference: ({ status, message }) => ({ status: plainStatus(status), members: { error: message } }),
  textEmbeddings: ({ status, message }) => ({
    status,
    members: { error: message, error_type: TEXT_EMBEDDINGS_TYPES[status] ?? 'Validation' },
  }),
  vllm: ({ status, message, options }) => {
    const code = plainStatus(status);
    const type = VLLM_TYPES[code] ?? 'BadRequestError';
    return {
      status: code,
      members: { error: { message, type, param: options.errors?.[0]?.path ?? null, code } },
    };
  },
};

/** Services with these forms answer 400 to a body that does not match its schema. */
function plainStatus(status: number): number {
  return status === 422 ? 400 : status;
}

/** https://github.com/huggingface/text-embeddings-inference, router/src/http/types.rs, ErrorType */
const TEXT_EMBEDDINGS_TYPES: Readonly<Record<number, string>> = {
  429: 'Overloaded',
  500: 'Backend',
  503: 'Unhealthy',
  504: 'Backend',
};

/** https://github.com/vllm-project/vllm, vllm/entrypoints, create_error_response and its callers */
const VLLM_TYPES: Readonly<Record<number, string>> = {
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  429: 'RateLimitError',
  500: 'InternalServerError',
  503: 'ServiceUnavailableError',
  504: 'TimeoutError',
};
