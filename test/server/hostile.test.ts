// What callers may send to do harm: each has an answer that openapi.yaml describes, and the service goes on.

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(parse(readFileSync(`${ROOT}/openapi.yaml`, 'utf8')), 'openapi');
const isProblem = ajv.compile({ $ref: 'openapi#/components/schemas/Problem' });

interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

let service: RunningService;

beforeAll(async () => {
  const models = temporaryFolder();
  await exportCheckpoint('ls_llama_seq', models);
  await exportCheckpoint('ls_unllama_tok', models);
  service = await startService(models, models);
  await ready(service);
});

function send(path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

/** Sends a body that is to be refused. The answer has to be a short problem document. */
async function refusal(
  path: string,
  body: string | Buffer,
  headers?: Record<string, string>,
): Promise<Problem> {
  const response = await send(path, body, headers);
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(text.length).toBeLessThan(1000);
  const problem = JSON.parse(text) as Problem;
  expect(isProblem(problem), text).toBe(true);
  expect(problem.status).toBe(response.status);
  return problem;
}

/** A JSON list of `item`s, of about `megabytes` MB. */
function listOf(item: string, megabytes: number): string {
  const count = Math.floor((megabytes * 1e6) / (item.length + 1));
  return `[${new Array(count).fill(item).join(',')}]`;
}

describe('bodies with millions of mismatches or items are refused for the first of them', () => {
  const fields = Array.from({ length: 700_000 }, (_, i) => `"f${i}":0`).join(',');
  it.each([
    ['numbers for texts', '/classify', `{"inputs":${listOf('0', 8)}}`, '/inputs'],
    ['numbers for 10,000 texts', '/classify', `{"inputs":${listOf('0', 0.019)}}`, '/inputs/0'],
    ['unknown fields', '/classify', `{"inputs":"a",${fields}}`, ''],
    ['empty texts', '/ner', `{"inputs":${listOf('""', 8)}}`, '/inputs'],
    ['texts of one letter', '/classify', `{"inputs":${listOf('"a"', 8)}}`, '/inputs'],
    ['empty lists', '/ner', `{"tokens":${listOf('[]', 8)}}`, '/tokens'],
    ['empty words', '/ner', `{"tokens":[${listOf('""', 8)}]}`, '/tokens'],
    [
      'empty words in many lists',
      '/ner',
      `{"tokens":[${new Array(9).fill(listOf('""', 0.8)).join(',')}]}`,
      '/tokens',
    ],
    ['numbers for words', '/ner', `{"tokens":[${listOf('0', 1)}]}`, '/tokens/0/0'],
  ])('%s', async (_, path, body, where) => {
    const { status, errors } = await refusal(path, body);
    expect(status).toBe(422);
    expect(errors).toHaveLength(1);
    expect(errors![0]!.path).toBe(where);
  });

  it('10,000 texts are answered', async () => {
    const response = await send('/ner', JSON.stringify({ inputs: new Array(10_000).fill('') }));
    expect(response.status).toBe(200);
    expect(((await response.json()) as { results: unknown[] }).results).toHaveLength(10_000);
  });
});

describe('a message quotes only the start of what was sent', () => {
  const long = 'x'.repeat(5000);
  it.each([
    ['an unknown field', `{"inputs":"a","${long}":1}`, 422],
    ['an unknown model', `{"inputs":"a","model":"${long}"}`, 404],
    ['a value that is no JSON', `{"inputs":${long}}`, 400],
    ['half of a character', `{"inputs":"a","${'x'.repeat(99)}🎉🎉":1}`, 422],
  ])('%s', async (_, body, status) => {
    const problem = await refusal('/classify', body);
    expect(problem.status).toBe(status);
    expect(problem.detail.length).toBeLessThan(250);
    expect(problem.detail.isWellFormed()).toBe(true);
  });

  it('a path', async () => {
    const answer = (await (await fetch(`${service.url}/${long}`)).json()) as Problem;
    expect(answer.detail.length).toBeLessThan(250);
  });
});

describe('openapi.yaml says which texts /classify refuses', () => {
  const takes = ajv.compile({ $ref: 'openapi#/components/schemas/ClassifyRequest' });
  it.each(['', ' \t\n', [''], ['a', ' ']])('%j', async inputs => {
    expect(takes({ inputs })).toBe(false);
    expect((await refusal('/classify', JSON.stringify({ inputs }))).status).toBe(422);
  });
});

it('openapi.yaml describes itself as the object that it is', async () => {
  const document = parse(await (await fetch(`${service.url}/openapi.yaml`)).text());
  const { schema } = document.paths['/openapi.yaml'].get.responses['200'].content['application/yaml'];
  expect(ajv.compile(schema)(document)).toBe(true);
});
