// The header server-timing: how the time of a request divides.

import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

const models = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  await exportCheckpoint('ls_unllama_tok', models);
  service = await startService(models, models);
  await ready(service);
});

/** The durations of an answer, in the syntax of https://www.w3.org/TR/server-timing */
async function durations(path: string, body: object): Promise<Record<string, number>> {
  const { status, headers } = await postTo(service.url + path, body);
  expect(status).toBe(200);
  const entries = headers.get('server-timing')!.split(', ');
  return Object.fromEntries(
    entries.map(entry => {
      const [, name, milliseconds] = /^([a-z]+);dur=(\d+\.\d+)$/.exec(entry)!;
      return [name, Number(milliseconds)];
    }),
  );
}

it.each([
  ['/classify', { inputs: 'the market fell' }],
  ['/classify', { inputs: Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12)) }],
  ['/ner', { inputs: ['Peter Blackburn visited Germany.', 'the market fell'] }],
])('%s: the parts follow each other and are no more than the whole', async (path, body) => {
  const found = await durations(path, body);
  expect(Object.keys(found)).toEqual(['encode', 'queue', 'inference', 'total']);
  for (const part of Object.values(found)) expect(part).toBeGreaterThanOrEqual(0);
  expect(found.inference).toBeGreaterThan(0);
  // Each is rounded to a microsecond.
  expect(found.encode! + found.queue! + found.inference!).toBeLessThanOrEqual(found.total! + 0.01);
});

it('results from the cache, and texts without a word, have no queue and no inference', async () => {
  const body = { inputs: 'a text that is asked for twice' };
  await durations('/classify', body);
  expect(Object.keys(await durations('/classify', body))).toEqual(['encode', 'total']);
  expect(Object.keys(await durations('/ner', { inputs: ' ' }))).toEqual(['encode', 'total']);
});
