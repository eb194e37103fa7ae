// Posts the requests of a load test over kept-alive connections, with little work beside the service.

import { Pool } from 'undici';
import { oneLine } from '../errors.js';
import type { Answer } from './answer.js';
import type { Shape } from './shape.js';

/** A request without an answer fails after this time. Milliseconds. */
const PATIENCE_MS = 60_000;
/** The longest part of a server's words that is kept. UTF-16 units. */
const WORDS = 2000;

export class Client {
  readonly #pool: Pool;
  readonly #shape: Shape;
  readonly #path: string;
  readonly #headers: Record<string, string>;

  constructor(shape: Shape, headers: Readonly<Record<string, string>>) {
    const { origin, pathname, search } = shape.url;
    this.#pool = new Pool(origin, { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });
    this.#shape = shape;
    this.#path = pathname + search;
    this.#headers = { 'content-type': 'application/json', ...headers };
  }

  /** Sends texts in one request. It never rejects. */
  async send(texts: readonly string[]): Promise<Answer> {
    try {
      const { statusCode, headers, body } = await this.#pool.request({
        path: this.#path,
        method: 'POST',
        headers: this.#headers,
        body: JSON.stringify(this.#shape.request(texts)),
      });
      const text = await body.text();
      if (statusCode < 200 || statusCode > 299) {
        return { outcome: String(statusCode), detail: `${statusCode} ${wordsOf(text)}` };
      }
      const json = parse(text);
      if (json === undefined) {
        return { outcome: 'not JSON', detail: `${statusCode}, but not JSON: ${wordsOf(text)}` };
      }
      const tokens = this.#shape.tokens({ json, header: name => headers[name]?.toString() });
      return { outcome: 'ok', texts: texts.length, tokens };
    } catch (error) {
      return failureOf(error as NodeJS.ErrnoException);
    }
  }

  /** Closes the connections, and gives up what is still in flight. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function wordsOf(text: string): string {
  return oneLine(text.slice(0, WORDS).toWellFormed());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A name that resolves to several addresses fails with an error for each of them, and no words of its own. */
function failureOf(error: NodeJS.ErrnoException): Answer {
  const { errors = [] } = error as { errors?: Error[] };
  const words = error.message || errors.map(({ message }) => message).join(', ');
  const outcome = error.code ?? error.name;
  return { outcome, detail: `${outcome}: ${words}` };
}
