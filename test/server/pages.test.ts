// The files of the playground and of the API reference, as the service sends them.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, startService } from '../support/service.js';

const models = temporaryFolder();
let service: RunningService;
let admin: string;

const document = parse(readFileSync(join(ROOT, 'openapi.yaml'), 'utf8'));
const assets: string[] = document.paths['/assets/{file}'].get.parameters[0].schema.enum;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  service = await startService(models, models, '--admin-port', '0', '--api-key', 'secret');
  admin = /"admin_url":"([^"]+)"/.exec(service.log.join('\n'))![1]!;
});

/** The status, by a client that adds no headers to these, unlike fetch. */
async function statusOf(path: string, headers: Record<string, string>): Promise<number | undefined> {
  const [response] = (await once(request(service.url + path, { headers }).end(), 'response')) as [
    IncomingMessage,
  ];
  response.resume();
  return response.statusCode;
}

const get = (path: string, init: RequestInit = {}) => fetch(service.url + path, init);

it.each(['/', '/docs', ...assets.map(name => `/assets/${name}`)])('%s', async path => {
  const response = await get(path);
  expect(response.status).toBe(200);
  const body = Buffer.from(await response.arrayBuffer());
  const type = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }[path.split('.')[1] ?? ''];
  expect(response.headers.get('content-type')).toMatch(type ?? /^text\/html/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const policy = response.headers.get('content-security-policy')!;
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);

  const head = await get(path, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(body.length)]);
  expect(await statusOf(path, { 'if-none-match': response.headers.get('etag')! })).toBe(304);
  expect(await statusOf(path, { 'if-none-match': '"another"' })).toBe(200);
  expect((await get(path, { method: 'POST' })).status).toBe(405);
  expect((await fetch(admin + path)).status).toBe(404);
});

it('serves every file of pages/, and no other', async () => {
  const files = readdirSync(join(ROOT, 'pages')).filter(name => !name.endsWith('.html'));
  expect(assets).toEqual(expect.arrayContaining(files));
  for (const name of ['playground.html', 'none.js', '..%2f..%2fpackage.json', 'swagger-ui.js']) {
    const response = await get(`/assets/${name}`);
    expect([response.status, response.headers.get('content-security-policy')]).toEqual([404, null]);
  }
});

it('has nothing in its own files that comes from elsewhere, and no script inside a page', () => {
  for (const name of readdirSync(join(ROOT, 'pages'))) {
    const text = readFileSync(join(ROOT, 'pages', name), 'utf8');
    expect(text.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)\S*/g), name).toBeNull();
    if (name.endsWith('.html')) expect(text).not.toMatch(/<script(?![^>]* src=)|<style|style=|\son\w+=/);
  }
});
