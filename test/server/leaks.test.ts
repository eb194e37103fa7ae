// What no answer gives away: paths of the machine, stacks, versions. Names of models never become paths.

import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportCheckpoint, ROOT, readJson, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';

const folder = temporaryFolder();
const models = `${folder}/models`;
const KEY = 'secret-key';
let service: RunningService;

beforeAll(async () => {
  mkdirSync(models);
  await exportCheckpoint('ls_llama_seq', models);
  // A model beside the folder of models, which nobody may reach.
  await exportCheckpoint('ls_llama_seq', folder);
  mkdirSync(`${models}/broken`);
  writeFileSync(`${models}/broken/recipe.json`, '{"base": "missing.gguf"}');
  service = await startService(models, models, '--api-key', KEY);
  await ready(service);
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Sends the path as it is. `fetch` would resolve the dots in it. */
function send(path: string, method = 'GET', body?: string, headers: object = {}): Promise<Answer> {
  const { hostname, port } = new URL(service.url);
  const all = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, method, headers: all }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
    });
    call.on('error', reject).end(body);
  });
}

const json = JSON.stringify;

const NAMES = [
  '../ls_llama_seq',
  '../models/ls_llama_seq',
  './ls_llama_seq',
  'ls_llama_seq/',
  'ls_llama_seq/../ls_llama_seq',
  '..\\ls_llama_seq',
  '/etc/passwd',
  'ls_llama_seq\0',
  '\0',
  '.',
  '..',
  '',
  '__proto__',
  'constructor',
  'LS_LLAMA_SEQ',
  '%2e%2e%2fls_llama_seq',
];

describe('names of models', () => {
  it.each(NAMES)('%j is no model, in a body', async name => {
    const { status } = await send('/classify', 'POST', json({ inputs: 'a', model: name }));
    expect(status).toBe(404);
  });

  it.each(NAMES.filter(name => name !== ''))('%j is no model, in a path', async name => {
    const { status } = await send(`/models/${encodeURIComponent(name)}`);
    expect(status).toBe(404);
  });

  it.each([
    '/models/../ls_llama_seq',
    '/models/%2e%2e/ls_llama_seq',
    '/models/..%2fls_llama_seq',
    '/../openapi.yaml',
  ])('the path %s is not found', async path => expect((await send(path)).status).toBe(404));
});

describe('error answers', () => {
  const { version, dependencies } = readJson(`${ROOT}/package.json`) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const SECRETS = [
    ROOT,
    folder,
    tmpdir(),
    process.cwd(),
    'node_modules',
    'dist/',
    'file://',
    KEY,
    version,
    process.version,
    process.versions.node,
    ...Object.values(dependencies).map(range => range.replace('^', '')),
  ];

  it.each<[string, number, ...Parameters<typeof send>]>([
    ['no key', 401, '/models', 'GET', undefined, { authorization: '' }],
    ['a wrong key', 401, '/models', 'GET', undefined, { authorization: 'Bearer wrong' }],
    ['another scheme', 401, '/models', 'GET', undefined, { authorization: `Basic ${KEY}` }],
    ['an unknown path', 404, '/.git/config'],
    ['a path that is badly encoded', 400, '/models/%E0%A4%A'],
    ['an unknown model', 404, '/models/none'],
    ['a wrong method', 405, '/classify'],
    ['a method that few know', 405, '/models', 'PROPFIND'],
    ['a body that is no JSON', 400, '/classify', 'POST', '{"inputs":'],
    [
      'a body that is no UTF-8',
      415,
      '/classify',
      'POST',
      '{}',
      { 'content-type': 'application/json; charset=utf-16' },
    ],
    ['a body that is no gzip', 400, '/classify', 'POST', '{}', { 'content-encoding': 'gzip' }],
    ['an encoding that nobody knows', 415, '/classify', 'POST', '{}', { 'content-encoding': 'nope' }],
    ['another content type', 415, '/classify', 'POST', 'a', { 'content-type': 'text/plain' }],
    ['a wrong field', 422, '/classify', 'POST', json({ inputs: 3 })],
    ['an empty text', 422, '/classify', 'POST', json({ inputs: [''] })],
    ['a model that could not be loaded', 503, '/classify', 'POST', json({ inputs: 'a', model: 'broken' })],
    [
      'a task for which only a model that could not be loaded may be meant',
      503,
      '/ner',
      'POST',
      json({ inputs: 'a' }),
    ],
  ])('%s: %i', async (_, expected, ...call) => {
    const { status, headers, body } = await send(...call);
    expect(status).toBe(expected);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers).toMatchObject(SECURITY_HEADERS);
    const told = body + json(headers);
    for (const secret of SECRETS) expect(told).not.toContain(secret);
    expect(told).not.toMatch(/\bat \S+ \(|\.[jt]s:\d+|express|x-powered-by/i);
  });
});

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

it.each(['/health/live', '/health/ready', '/models', '/metrics', '/openapi.yaml'])(
  'GET %s has the headers that keep browsers and caches from it',
  async path => {
    const { status, headers } = await send(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject(SECURITY_HEADERS);
    expect(headers.server).toBeUndefined();
  },
);
