// A typed client of the service, for programs in TypeScript and JavaScript: `import { createClient } from 'lsllama/client'`.

import fetchRetry from 'fetch-retry';
import createTypedClient, { type Client } from 'openapi-fetch';
import type { paths } from './openapi.js';

export type { components, paths } from './openapi.js';

export interface ClientOptions {
  /** The address of the service, such as http://127.0.0.1:8080. */
  readonly baseUrl: string;
  /** Sent as a bearer token, where the service has API keys. */
  readonly apiKey?: string;
  /** How often a request is sent again at most that the service refused for now, or that did not reach it. 3 unless given. */
  readonly retries?: number;
  /** What sends requests; the global fetch unless it is given. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Statuses with which the service says that it has not begun a request: its queue is full, or it is not ready. */
const REFUSED_FOR_NOW = [429, 503];
/** Pause before the first retry of a request that did not reach the service. It doubles with each. Milliseconds. */
const FIRST_PAUSE_MS = 200;

/**
 * A client whose methods are named after those of HTTP: `client.POST('/classify', { body: { inputs } })` resolves to
 * `{ data, error, response }`, of which `error` is the problem document of an answer other than 200. A request that is
 * refused for now is sent again after the time that the service asks for in `retry-after`, and not again where it asks for
 * none. `signal` ends a request, and its retries as well.
 */
export function createClient({ baseUrl, apiKey, retries = 3, fetch }: ClientOptions): Client<paths> {
  // A request can be sent only once, so each try sends a copy.
  const send = (request: Request): Promise<Response> => (fetch ?? globalThis.fetch)(request.clone());
  return createTypedClient<paths>({
    baseUrl,
    ...(apiKey !== undefined && { headers: { authorization: `Bearer ${apiKey}` } }),
    fetch: request => {
      const answer = fetchRetry(send, {
        retryOn: (attempt, error, response) =>
          attempt < retries && !request.signal.aborted && (error !== null || mayBeSentAgain(response!)),
        retryDelay: (attempt, _error, response) => retryAfter(response) ?? FIRST_PAUSE_MS * 2 ** attempt,
      })(request);
      return Promise.race([answer, aborted(request.signal)]);
    },
  });
}

/** Rejects when the signal is aborted, also during the pause before a retry. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function mayBeSentAgain(response: Response): boolean {
  return REFUSED_FOR_NOW.includes(response.status) && retryAfter(response) !== undefined;
}

/** In milliseconds. A proxy may send a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function retryAfter(response: Response | null): number | undefined {
  const value = response?.headers.get('retry-after');
  if (!value) return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
