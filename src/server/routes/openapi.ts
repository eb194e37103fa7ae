// GET /openapi.yaml: the document that requests are checked against.

import type { RequestHandler } from 'express';
import { OPENAPI } from '../validation.js';

export const openapiRoute: RequestHandler = (_request, response) => {
  response.type('application/yaml').send(OPENAPI);
};
