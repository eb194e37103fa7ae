// Requests to a service, and the schemas of its answers.

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './fixtures.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked against openapi.yaml
  readonly body: any;
}

/** Posts a request and reads the JSON answer. A text or bytes are sent as they are, anything else as JSON. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    // A test may wait for a command for so long that the service closes an idle connection, so none is used twice.
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body: bytesOf(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

function bytesOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(parse(readFileSync(`${ROOT}/openapi.yaml`, 'utf8')), 'openapi');

/** Checks an answer against one of the schemas in openapi.yaml. */
export function expectSchema(name: string, body: unknown): void {
  const check = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
  expect(check(body), JSON.stringify(check.errors)).toBe(true);
}
