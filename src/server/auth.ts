// Bearer keys: https://www.rfc-editor.org/rfc/rfc6750

import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { Problem } from './problems.js';

/** Refuses with 401 every request that does not carry the key as a bearer token. Refuses none if there is no key. */
export function requireKey(key: string | undefined): RequestHandler {
  if (!key) return (_request, _response, next) => next();
  const expected = digest(key);
  return (request, _response, next) => {
    const given = /^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1];
    // All digests have the same length, so the comparison reveals nothing about the key.
    if (given && timingSafeEqual(digest(given), expected)) return next();
    throw new Problem(
      401,
      given ? 'the API key is wrong' : 'an API key is needed: authorization: Bearer KEY',
      {
        reason: 'unauthorized',
        headers: { 'www-authenticate': 'Bearer' },
      },
    );
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
