// The log of requests: which ones are in it, and what of them.

import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

const models = temporaryFolder();
const SECRET = 'a text that nobody else may read';

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
});

interface Line {
  readonly msg: string;
  readonly status: number;
  readonly route: string;
  readonly request_id: string;
}

/** Asks a service for something that it answers, and for something that it fails to answer in time. */
async function logOf(...flags: string[]): Promise<{ lines: Line[]; log: string }> {
  const service: RunningService = await startService(models, models, ...flags);
  await ready(service);
  for (let i = 0; i < 40; i++)
    await post(`${service.url}/classify`, { inputs: SECRET }, { 'x-request-id': `id-${i}` });
  const many = Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12));
  await post(`${service.url}/classify`, { inputs: many, timeout_ms: 1 }, { 'x-request-id': 'late' });
  await stop(service);
  const log = service.log.join('\n');
  const lines = log
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line)
    .filter(({ msg, route }) => msg === 'request' && route === '/classify');
  return { lines, log };
}

it('is empty by default', async () => {
  const { lines, log } = await logOf();
  expect(lines).toEqual([]);
  expect(log).not.toContain(SECRET);
});

it('has a line for each request with --access-log 1, and no text', async () => {
  const { lines, log } = await logOf('--access-log', '1');
  const ids = lines.map(({ request_id }) => request_id);
  expect(ids).toEqual([...Array.from({ length: 40 }, (_, i) => `id-${i}`), 'late']);
  expect(lines[0]).toMatchObject({ method: 'POST', status: 200, model: 'ls_llama_seq', client: '127.0.0.1' });
  expect(log).not.toContain(SECRET);
});

it('has a share of the requests, and all that the service failed', async () => {
  const { lines } = await logOf('--access-log', '1e-9');
  expect(lines.map(({ request_id, status }) => [request_id, status])).toEqual([['late', 504]]);
});

it('has the texts with --log-texts', async () => {
  const { log } = await logOf('--access-log', '1', '--log-texts');
  expect(log).toContain(SECRET);
});

it('takes a share from 0 to 1', async () => {
  await expect(startService(models, models, '--access-log', '2')).rejects.toThrow(/from 0 to 1/);
});
