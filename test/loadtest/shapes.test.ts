// The requests of each shape as its server expects them, and answers as it gives them.

import { afterAll, describe, expect, it } from 'vitest';
import { Client } from '../../dist/loadtest/client.js';
import type { Target } from '../../dist/loadtest/shape.js';
import { openShape, type ShapeName } from '../../dist/loadtest/shapes.js';
import { type StubAnswer, startStub } from '../support/stubServer.js';

const LABELS = [
  { label: 'Sports', score: 0.9 },
  { label: 'World', score: 0.1 },
];

/** What servers answer, by path. Each knows the text `good`. */
const ANSWERS: Readonly<Record<string, StubAnswer>> = {
  '/classify-ours': {
    body: { model: 'news', results: [{ label: 'Sports', score: 0.9, tokens: 4 }], usage: { tokens: 4 } },
  },
  '/models/news': { body: [LABELS] },
  '/classify': {
    body: {
      id: 'classify-1',
      object: 'list',
      model: 'news',
      data: [{ index: 0, label: 'Sports', probs: [0.9, 0.1], num_classes: 2 }],
      usage: { prompt_tokens: 5, total_tokens: 5, completion_tokens: 0, prompt_tokens_details: null },
    },
  },
  '/predict': { body: LABELS, headers: { 'x-compute-tokens': '6' } },
  '/v2/models/news': {
    body: {
      name: 'news',
      versions: ['1'],
      platform: 'onnxruntime',
      inputs: [
        { name: 'threshold', datatype: 'FP32', shape: [1] },
        { name: 'TEXT', datatype: 'BYTES', shape: [-1, 1] },
      ],
      outputs: [{ name: 'label', datatype: 'BYTES', shape: [-1] }],
    },
  },
  '/v2/models/news/infer': {
    body: {
      model_name: 'news',
      id: '1',
      outputs: [{ name: 'label', shape: [1], datatype: 'BYTES', data: ['Sports'] }],
    },
  },
  '/v2/models/flat': { body: { name: 'flat', inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }] } },
  '/v2/models/flat/infer': { body: { model_name: 'flat', outputs: [] } },
  '/v2/models/numbers': { body: { name: 'numbers', inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }] } },
  '/page': { body: '<!doctype html><title>Not a service</title>', headers: { 'content-type': 'text/html' } },
  '/busy': { status: 429, body: { title: 'Too Many Requests', detail: 'the queue is full' } },
};

const server = await startStub(({ path }) => ANSWERS[path] ?? { status: 404, body: { error: `no ${path}` } });

const clients: Client[] = [];
afterAll(() => Promise.all(clients.map(client => client.close())));

async function ask(name: ShapeName, path: string, texts: readonly string[], more: Partial<Target> = {}) {
  const headers = { authorization: 'Bearer secret' };
  const shape = await openShape(name, { url: new URL(path, server.url), headers, ...more });
  const client = new Client(shape, headers);
  clients.push(client);
  const answer = await client.send(texts);
  return { answer, asked: server.asked.at(-1)! };
}

describe('requests and answers', () => {
  it.each<[ShapeName, string, readonly string[], Partial<Target>, string, object, number | undefined]>([
    ['ours', '/classify-ours', ['a'], {}, '/classify-ours', { inputs: ['a'] }, 4],
    [
      'ours',
      '/classify-ours',
      ['a', 'b'],
      { model: 'news', timeoutMs: 500 },
      '/classify-ours',
      { inputs: ['a', 'b'], model: 'news', timeout_ms: 500 },
      4,
    ],
    ['hf', '/models/news', ['a'], {}, '/models/news', { inputs: 'a' }, undefined],
    ['vllm', '/', ['a'], {}, '/classify', { input: 'a' }, 5],
    [
      'vllm',
      '/classify',
      ['a', 'b'],
      { model: 'news' },
      '/classify',
      { model: 'news', input: ['a', 'b'] },
      5,
    ],
    ['tei', '', ['a'], {}, '/predict', { inputs: 'a' }, 6],
    ['tei', '/predict', ['a', 'b'], {}, '/predict', { inputs: [['a'], ['b']] }, 6],
    [
      'v2',
      '/',
      ['a', 'b'],
      { model: 'news' },
      '/v2/models/news/infer',
      { inputs: [{ name: 'TEXT', datatype: 'BYTES', shape: [2, 1], data: ['a', 'b'] }] },
      undefined,
    ],
    [
      'v2',
      '/v2/models/flat',
      ['a'],
      {},
      '/v2/models/flat/infer',
      { inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] }] },
      undefined,
    ],
  ])('%s %s of %j with %j', async (name, url, texts, more, path, body, tokens) => {
    const { answer, asked } = await ask(name, url, texts, more);
    expect(answer).toEqual({ outcome: 'ok', texts: texts.length, tokens });
    expect(asked).toMatchObject({ method: 'POST', path });
    expect(JSON.parse(asked.body)).toEqual(body);
    expect(asked.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer secret',
    });
  });
});

describe('failures', () => {
  it('have the status and the words of the server', async () => {
    expect((await ask('ours', '/wrong', ['a'])).answer).toEqual({
      outcome: '404',
      detail: '404 {"error":"no /wrong"}',
    });
    expect((await ask('hf', '/busy', ['a'])).answer).toMatchObject({
      outcome: '429',
      detail: expect.stringContaining('the queue is full'),
    });
  });

  it('are told where a page answers and not a service', async () => {
    const { answer } = await ask('ours', '/page', ['a']);
    expect(answer).toMatchObject({ outcome: 'not JSON', detail: expect.stringContaining('Not a service') });
  });

  it('have the words of the connection', async () => {
    const gone = await startStub(() => ({ body: {} }));
    gone.close();
    const shape = await openShape('hf', { url: new URL(gone.url), headers: {} });
    const client = new Client(shape, {});
    clients.push(client);
    expect(await client.send(['a'])).toEqual({
      outcome: 'ECONNREFUSED',
      detail: `ECONNREFUSED: connect ECONNREFUSED ${new URL(gone.url).host}`,
    });
  });
});

it.each<[ShapeName, string, string]>([
  ['ours', '/', 'expected a route such as http://127.0.0.1:'],
  ['v2', '/', 'expected --model, or the URL of a model'],
  ['v2', '/v2/models/absent', "expected the model's metadata, found 404"],
  ['v2', '/v2/models/numbers', 'expected an input of BYTES, found x of FP32'],
])('%s at %s is refused: %s', async (name, path, message) => {
  await expect(ask(name, path, ['a'])).rejects.toThrow(message);
});
