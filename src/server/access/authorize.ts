// Who may call a route. Keys are sent as bearer tokens: https://www.rfc-editor.org/rfc/rfc6750

import type { Request, RequestHandler } from 'express';
import { Problem } from '../../api/problem.js';
import type { ServerContext } from '../context.js';
import type { ApiKey, Scope } from './keysFile.js';

/**
 * Returns a function that makes the guard of a route. The guard lets requests pass whose key has the scope and is
 * within its limits, and refuses others with 401, 403 or 429. It lets all pass where the service has no keys.
 */
export function scopeGuard({ keyring, limits }: ServerContext): (scope: Scope) => RequestHandler {
  return scope => async (request, response, next) => {
    if (keyring.isOpen) return next();
    const given = bearerToken(request);
    if (given === undefined) throw unauthorized('an API key is needed: authorization: Bearer KEY');
    const key = keyring.find(given);
    if (!key) throw unauthorized('the API key is wrong', 'invalid_token');
    if (isExpired(key)) throw unauthorized('the API key has expired', 'invalid_token');
    if (!key.scopes.includes(scope)) throw outOfScope(scope);
    await limits.countRequest(key);
    response.locals.key = key;
    next();
  };
}

function bearerToken(request: Request): string | undefined {
  return /^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1];
}

function isExpired({ expires }: ApiKey): boolean {
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

/** A request without a key gets no error code, as section 3.1 asks. */
function unauthorized(detail: string, error?: 'invalid_token'): Problem {
  return new Problem(401, detail, {
    reason: 'unauthorized',
    headers: {
      'www-authenticate': challenge(error && `error="${error}"`, error && `error_description="${detail}"`),
    },
  });
}

function outOfScope(scope: Scope): Problem {
  return new Problem(403, `the API key does not have the scope ${scope}`, {
    reason: 'forbidden',
    headers: { 'www-authenticate': challenge('error="insufficient_scope"', `scope="${scope}"`) },
  });
}

function challenge(...parameters: readonly (string | undefined)[]): string {
  return `Bearer ${['realm="lsllama"', ...parameters.filter(parameter => parameter !== undefined)].join(', ')}`;
}
