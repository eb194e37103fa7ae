// Cross-origin requests: https://fetch.spec.whatwg.org/#http-cors-protocol

import cors from 'cors';
import type { RequestHandler } from 'express';

/** Seconds for which a browser remembers the answer to a preflight request. */
const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of these origins call the service from a browser, and answers their preflight requests. `*` stands for
 * every origin.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST'],
    exposedHeaders: ['x-request-id', 'retry-after', 'server-timing'],
    maxAge: PREFLIGHT_SECONDS,
  });
}
