// GET /openapi.yaml: the document that requests are checked against.

import type { RequestHandler } from 'express';
import { OPENAPI } from '../../api/validation.js';
import type { ServerContext } from '../context.js';

export function openapiRoute({ timeouts }: ServerContext): RequestHandler {
  // The text is kept as it is written, but for the one number that the service was started with.
  const document = OPENAPI.replace(/(\bTimeoutMs:.*?maximum: )\d+/s, `$1${timeouts.maxTimeoutMs}`);
  return (_request, response) => {
    response.type('application/yaml').send(document);
  };
}
