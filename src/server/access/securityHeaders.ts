// Headers that keep browsers and caches from doing more with an answer than its caller wants.

import type { RequestHandler } from 'express';

const HEADERS = {
  // A browser takes an answer for what its content-type says, never for a script.
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Answers hold what somebody's texts were about, and states and metrics are old at once.
  'cache-control': 'no-store',
};

export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set(HEADERS);
  next();
};
