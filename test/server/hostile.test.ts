// What callers may send to do harm: each has an answer that openapi.yaml describes, and the service goes on.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

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
  // A scrape begins the measurement of the event loop anew: loading models is not a part of it.
  await fetch(`${service.url}/metrics`);
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
    ['words of one letter in a raw text', '/ner', `{"inputs":"${'a '.repeat(3_000_000)}"}`, '/inputs'],
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

describe('texts and numbers that are seldom sent', () => {
  it.each([
    ['a lone surrogate', String.raw`{"inputs":"a \ud800 b"}`],
    ['NULs', String.raw`{"inputs":"Peter\u0000\u0000 Blackburn"}`],
    ['a right-to-left override', String.raw`{"inputs":"Peter \u202enrubkcalB"}`],
    ['a byte order mark', '\ufeff{"inputs":"Peter"}'],
    ['a key that occurs twice', '{"inputs":3,"inputs":"Peter"}'],
    ['a word of 7 MB', `{"inputs":"${'abcdefghij'.repeat(700_000)}"}`],
    ['a threshold of 1e-400', '{"inputs":"Peter","threshold":1e-400}'],
    ['a threshold of -0', '{"inputs":"Peter","threshold":-0}'],
  ])('200 for %s', async (_, body) => {
    const response = await send('/ner', body);
    const { results } = (await response.json()) as { results: unknown[] };
    expect(response.status).toBe(200);
    expect(results).toHaveLength(1);
  });

  const nested = (depth: number) => `{"inputs":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  it.each([
    ['a word of 10 MB', `{"inputs":"${'a'.repeat(10_000_000)}"}`, 413],
    ['lists that are nested deeply', nested(200), 400],
    ['lists that are nested millions deep', nested(3_900_000), 400],
    ['lists that never close', '['.repeat(8_000_000), 400],
    ['the key __proto__', '{"inputs":"a","__proto__":{"model":"x"}}', 422],
    ['the key constructor', '{"inputs":"a","constructor":1}', 422],
    ['only the key __proto__', '{"__proto__":{"inputs":"a"}}', 422],
    ['a timeout of 1e400', '{"inputs":"a","timeout_ms":1e400}', 422],
    ['a timeout of -0', '{"inputs":"a","timeout_ms":-0}', 422],
    ['a timeout of 1e-400', '{"inputs":"a","timeout_ms":1e-400}', 422],
    ['a timeout above the limit', '{"inputs":"a","timeout_ms":600001}', 422],
    ['a timeout of half a millisecond', '{"inputs":"a","timeout_ms":0.5}', 422],
    ['a threshold of 1e400', '{"inputs":"a","threshold":1e400}', 422],
  ])('a problem for %s', async (_, body, status) => {
    expect((await refusal('/ner', body)).status).toBe(status);
  });

  it.each(['1e400', '-0', '1e-400', '0', '1.5'])('a problem for a top_k of %s', async topK => {
    expect((await refusal('/classify', `{"inputs":"a","top_k":${topK}}`)).status).toBe(422);
  });

  it('no key of a request reaches the prototype of objects', async () => {
    await refusal('/classify', '{"inputs":"a","__proto__":{"top_k":1}}');
    const answer = (await (await send('/classify', '{"inputs":"market"}')).json()) as {
      results: { probabilities: object }[];
    };
    expect(Object.keys(answer.results[0]!.probabilities).length).toBeGreaterThan(1);
  });
});

describe('compressed bodies', () => {
  const spaces = Buffer.alloc(100_000_000, ' ');
  it.each([
    ['gzip', gzipSync(spaces), 413],
    ['deflate', deflateSync(spaces), 413],
    ['br', brotliCompressSync(spaces, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }), 413],
    ['gzip', Buffer.from('no gzip'), 400],
    ['compress', Buffer.from('{}'), 415],
  ])('a problem for %s that explodes, is broken or is unknown', async (encoding, body, status) => {
    expect((await refusal('/ner', body, { 'content-encoding': encoding })).status).toBe(status);
  });

  it('200 for a text in gzip', async () => {
    const response = await send('/ner', gzipSync('{"inputs":"Peter"}'), { 'content-encoding': 'gzip' });
    expect(response.status).toBe(200);
  });
});

/** Opens a connection and sends the start of a request on it. */
async function beginRequest(
  headers: string,
  body: Buffer = Buffer.alloc(0),
  { url }: RunningService = service,
): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  const head = `POST /ner HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${headers}\r\n\r\n`;
  await new Promise<unknown>(resolve => socket.write(Buffer.concat([Buffer.from(head), body]), resolve));
  return socket;
}

describe('large bodies', () => {
  const large = `{"inputs":"Peter"}${' '.repeat(4_000_000)}`;

  it('of callers that go while theirs is decompressed do not hold up the end of the service', async () => {
    const folder = temporaryFolder();
    await exportCheckpoint('ls_unllama_tok', folder);
    const ending = await startService(folder, folder);
    await ready(ending);
    const body = gzipSync(`{"inputs":"Peter","unknown":"${'ab'.repeat(2_000_000)}"}`);
    const headers = `content-encoding: gzip\r\ncontent-length: ${body.length}`;
    const gone = Array.from({ length: 40 }, async (_, i) => {
      const socket = await beginRequest(headers, body, ending);
      await sleep(i % 5);
      socket.destroy();
    });
    await Promise.all(gone);
    await sleep(1000);
    expect(await stop(ending)).toBe(0);
  }, 45_000);

  it('that many callers begin and do not end are refused, and small ones are not', async () => {
    const begun = await Promise.all(
      Array.from({ length: 140 }, () => beginRequest('content-length: 8388608')),
    );
    await expect.poll(async () => (await refusal('/ner', large)).status, { timeout: 10_000 }).toBe(503);
    expect((await send('/ner', '{"inputs":"Peter"}')).status).toBe(200);
    for (const socket of begun) socket.destroy();
    await expect.poll(async () => (await send('/ner', large)).status, { timeout: 10_000 }).toBe(200);
  });
});

describe('deadlines', () => {
  it('504 for a large request that is still encoded at its deadline', async () => {
    const text = 'Peter Blackburn visited the market in Germany. '.repeat(110_000);
    const problem = await refusal('/ner', JSON.stringify({ inputs: text, timeout_ms: 200 }));
    expect(problem.status).toBe(504);
    expect((await send('/ner', '{"inputs":"Peter"}')).status).toBe(200);
  });

  it('--timeout-ms counts where a request has none, --max-timeout-ms bounds what it may have', async () => {
    const folder = temporaryFolder();
    await exportCheckpoint('ls_llama_seq', folder);
    const hurried = await startService(folder, folder, '--timeout-ms', '1', '--max-timeout-ms', '9000');
    await ready(hurried);
    const inputs = Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12));
    const post = (body: object) =>
      fetch(`${hurried.url}/classify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await post({ inputs })).status).toBe(504);
    expect((await post({ inputs: 'market', timeout_ms: 9000 })).status).toBe(200);
    const refused = await post({ inputs: 'market', timeout_ms: 9001 });
    expect([refused.status, ((await refused.json()) as Problem).errors![0]!.path]).toEqual([
      422,
      '/timeout_ms',
    ]);
    const document = parse(await (await fetch(`${hurried.url}/openapi.yaml`)).text());
    expect(document.components.schemas.TimeoutMs.maximum).toBe(9000);
    expect(await stop(hurried)).toBe(0);
  });
});

it('prints the longest delay of the event loop that the service has measured', async () => {
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  console.log(/^nodejs_eventloop_lag_max_seconds \S+/m.exec(metrics)?.[0]);
});
