// The result cache, over HTTP: it gives the same answers, and no sequence is computed twice.

import { expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

const models = temporaryFolder();
await exportCheckpoint('ls_llama_seq', models);
await exportCheckpoint('ls_unllama_tok', models);

async function start(size: number): Promise<RunningService> {
  const service = await startService(models, models, '--cache-size', String(size));
  await ready(service);
  return service;
}

async function post({ url }: RunningService, path: string, inputs: string | string[]): Promise<unknown> {
  const { status, body } = await postTo(`${url}${path}`, { inputs });
  expect(status).toBe(200);
  return body;
}

async function lookups({ url }: RunningService) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const count = (result: string) =>
    Number(new RegExp(`cache_requests_total\\{result="${result}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
  return { hits: count('hit'), misses: count('miss') };
}

const texts = ['the market fell', 'Peter Blackburn visited Germany.'];

it('gives the same answers from the cache, separately for each model and text', async () => {
  const service = await start(100);
  for (const path of ['/classify', '/ner']) {
    const first = await post(service, path, texts);
    expect(await post(service, path, texts)).toEqual(first);
  }
  expect(await lookups(service)).toEqual({ hits: 4, misses: 4 });
});

it('computes a text once if a request has it twice', async () => {
  const service = await start(100);
  const alone = (await post(service, '/classify', 'one')) as { results: object[] };
  const { results } = (await post(service, '/classify', ['two', 'one', 'two'])) as { results: object[] };
  expect(results[1]).toEqual(alone.results[0]);
  expect(results[2]).toEqual(results[0]);
  expect(await lookups(service)).toEqual({ hits: 2, misses: 2 });
});

it('forgets the least recently used text when it is full', async () => {
  const service = await start(1);
  for (const text of ['one', 'two', 'one', 'one']) await post(service, '/classify', text);
  expect(await lookups(service)).toEqual({ hits: 1, misses: 3 });
});

it('is off with --cache-size 0', async () => {
  const service = await start(0);
  expect(await post(service, '/classify', texts)).toEqual(await post(service, '/classify', texts));
  expect(await lookups(service)).toEqual({ hits: 0, misses: 0 });
});
