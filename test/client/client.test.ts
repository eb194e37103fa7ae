// The client that the package exports, against a running service and against one that refuses.

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../dist/client/client.js';
import { exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';

describe('with a service', () => {
  const models = temporaryFolder();
  const text = goldensOf('ls_llama_seq')[0]!.text as string;
  let service: RunningService;

  beforeAll(async () => {
    await exportCheckpoint('ls_llama_seq', models);
    await exportCheckpoint('ls_unllama_tok', models);
    service = await startService(models, models, '--api-key', 'secret');
    await ready(service);
  });

  it('classifies, tags, and lists models', async () => {
    const client = createClient({ baseUrl: service.url, apiKey: 'secret' });
    const classified = await client.POST('/classify', { body: { inputs: text } });
    expect(classified.error).toBeUndefined();
    expect(classified.data).toMatchObject({ model: 'ls_llama_seq', results: [{ truncated: false }] });
    const tagged = await client.POST('/ner', { body: { inputs: [text] } });
    expect(tagged.data!.results).toHaveLength(1);
    const { data } = await client.GET('/models/{name}', { params: { path: { name: 'ls_unllama_tok' } } });
    expect(data).toMatchObject({ task: 'token', state: 'ready' });
  });

  it('an error is the problem document', async () => {
    const client = createClient({ baseUrl: service.url });
    const { data, error, response } = await client.POST('/classify', { body: { inputs: text } });
    expect(data).toBeUndefined();
    expect(response.status).toBe(401);
    expect(error).toMatchObject({ status: 401, detail: expect.stringContaining('API key') });
  });
});

describe('with a service that refuses', () => {
  let server: Server | undefined;
  let bodies: string[];

  afterEach(() => server?.close());

  /** Answers each request with the next of the answers, and those after the last with the last. */
  async function clientOf(...answers: readonly ((response: ServerResponse) => void)[]) {
    bodies = [];
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(body);
      answers[Math.min(bodies.length, answers.length) - 1]!(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  }

  const answer =
    (status: number, headers: Record<string, string> = {}) =>
    (response: ServerResponse) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ status }));
    };
  const ok = answer(200);
  const busy = answer(429, { 'retry-after': '0' });
  const post = (client: Awaited<ReturnType<typeof clientOf>>, signal?: AbortSignal) =>
    client.POST('/classify', { body: { inputs: 'a' }, ...(signal && { signal }) });

  it.each([
    ['429', busy],
    ['503 with a date', answer(503, { 'retry-after': new Date().toUTCString() })],
    ['a closed connection', (response: ServerResponse) => void response.destroy()],
  ])('sends the request again after %s', async (_, refusal) => {
    const { response } = await post(await clientOf(refusal, refusal, ok));
    expect(response.status).toBe(200);
    expect(bodies).toEqual(Array(3).fill('{"inputs":"a"}'));
  });

  it('gives up after three retries', async () => {
    const { response } = await post(await clientOf(busy));
    expect(response.status).toBe(429);
    expect(bodies).toHaveLength(4);
  });

  it.each([
    ['a 429 without retry-after, which would be refused again', answer(429)],
    ['an error in the request', answer(422)],
    ['an error of the service', answer(500)],
  ])('does not repeat %s', async (_, refusal) => {
    await post(await clientOf(refusal, ok));
    expect(bodies).toHaveLength(1);
  });

  it('waits as long as it is asked to, and not after it is aborted', async () => {
    const abort = new AbortController();
    const client = await clientOf(response => {
      answer(503, { 'retry-after': '3600' })(response);
      setTimeout(() => abort.abort(), 100);
    });
    await expect(post(client, abort.signal)).rejects.toThrow(/abort/);
    expect(bodies).toHaveLength(1);
  });
});
