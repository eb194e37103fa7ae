// What the page asks of the service, and its refusals in words.

/** @import { ClassifyRequest, ClassifyResponse, Model, ModelsResponse, NerRequest, NerResponse, Problem } from '../src/api/openapi.ts' */

/** @typedef {Partial<Record<'encode' | 'queue' | 'inference' | 'total', number>>} Durations in milliseconds */
/**
 * @typedef {object} Answer
 * @property {ClassifyResponse | NerResponse} content
 * @property {Durations} durations as the service measured them
 * @property {number} roundTrip milliseconds from the request to the whole answer, as the browser measured them
 */

/** The service refused a request. Its message is the reason in a sentence. */
export class Refused extends Error {
  /**
   * @param {Problem} problem
   * @param {string | null} retryAfter seconds
   */
  constructor({ status, title, detail, errors }, retryAfter) {
    const text = textIndex(errors?.[0]?.path);
    const reason = text === undefined ? detail : `text ${text + 1}: ${errors?.[0]?.message}`;
    const wait = retryAfter === null ? '' : ` Try again in ${retryAfter} s.`;
    super(`${asSentence(reason)}${wait}`);
    this.status = status;
    this.title = title;
    /** The index of the text that is the cause, if there is one. */
    this.text = text;
  }
}

/** The path of the route that asks a model. @param {Model} model */
export function pathOf(model) {
  return model.task === 'token' ? 'ner' : 'classify';
}

/** @param {string} key */
export async function readModels(key) {
  const response = await send('models', key);
  return /** @type {ModelsResponse} */ (await response.json()).models;
}

/**
 * @param {string} path
 * @param {string} key
 * @param {Pick<ClassifyRequest, 'inputs' | 'model'> | Pick<NerRequest, 'inputs' | 'model'>} body
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function predict(path, key, body, signal) {
  const started = performance.now();
  const response = await send(path, key, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  const content = await response.json();
  const roundTrip = performance.now() - started;
  return { content, durations: durationsOf(response.headers.get('server-timing') ?? ''), roundTrip };
}

/**
 * Throws Refused, or Error where no service answers.
 * @param {string} path
 * @param {string} key
 * @param {RequestInit} init
 */
async function send(path, key, init = {}) {
  const headers = { ...init.headers, ...(key && { authorization: `Bearer ${key}` }) };
  const response = await fetch(path, { ...init, headers }).catch(error => {
    if (init.signal?.aborted) throw error;
    throw new Error('The service does not answer. It may have been stopped, or the connection is lost.');
  });
  if (response.ok) return response;
  throw new Refused(await problemOf(response), response.headers.get('retry-after'));
}

/**
 * A proxy before the service may answer with something else than a problem document.
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function problemOf(response) {
  const { status, statusText } = response;
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  if (isProblem) return response.json();
  return { type: 'about:blank', title: statusText, status, detail: `the answer was ${status} ${statusText}` };
}

/**
 * The index in a JSON pointer such as /inputs/2, which is /inputs for a single text.
 * @param {string | undefined} path
 */
function textIndex(path) {
  const found = /^\/inputs(?:\/(\d+))?$/.exec(path ?? '');
  return found ? Number(found[1] ?? 0) : undefined;
}

/**
 * The durations in a header such as `encode;dur=0.412, total;dur=13.021`.
 * @param {string} header
 * @returns {Durations}
 */
function durationsOf(header) {
  const found = [...header.matchAll(/(\w+);dur=([\d.]+)/g)];
  return Object.fromEntries(found.map(([, name, milliseconds]) => [name, Number(milliseconds)]));
}

/** @param {string} text */
function asSentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
