// Who may call which route: API keys with scopes, expiry and limits.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../dist/model/manifest.js';
import { Keyring } from '../../dist/server/access/keyring.js';
import { createApp } from '../../dist/server/app.js';
import type { ServerContext } from '../../dist/server/context.js';
import { type AccessRow, accessKeys, accessMarkdown, accessTable, routes } from '../support/accessTable.js';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';

const models = temporaryFolder();
const work = temporaryFolder();

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  await exportCheckpoint('ls_unllama_tok', models);
});

const hash = (key: string) => createHash('sha256').update(key).digest('hex');
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

function keysFile(name: string, keys: unknown): string {
  const file = `${work}/${name}.json`;
  writeFileSync(file, typeof keys === 'string' ? keys : JSON.stringify(keys));
  return file;
}

async function serveWith(...flags: string[]): Promise<RunningService> {
  const service = await startService(models, models, ...flags);
  await ready(service);
  return service;
}

function classify(
  { url }: RunningService,
  key: string,
  inputs: unknown = 'the market fell',
): Promise<Response> {
  return fetch(`${url}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(key) },
    body: JSON.stringify({ inputs }),
  });
}

describe('every route of openapi.yaml', () => {
  let rows: AccessRow[];

  beforeAll(async () => {
    const service = await serveWith('--api-keys', keysFile('table', accessKeys()));
    rows = await accessTable(() => service.url, readManifest(`${models}/ls_llama_seq`));
  });

  it.each(routes())('$method $path', ({ method, path, scope }) => {
    const { answers } = rows.find(row => row.method === method && row.path === path)!;
    const statuses = Object.values(answers).map(({ status }) => status);
    expect(statuses).toEqual(scope ? [401, 401, 401, 403, 200, 429] : [200, 200, 200, 200, 200, 200]);
    if (!scope) return;

    const challenge = (answer: Response) => answer.headers.get('www-authenticate');
    expect(challenge(answers['no key'])).toBe('Bearer realm="lsllama"');
    expect(challenge(answers['wrong key'])).toMatch(/^Bearer .*error="invalid_token"/);
    expect(challenge(answers['expired key'])).toMatch(/error="invalid_token".*expired/);
    expect(challenge(answers['key without the scope'])).toMatch(
      new RegExp(`error="insufficient_scope", scope="${scope}"`),
    );
    const wait = Number(answers['over the limit'].headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
  });

  it('is all that the application has', () => {
    const timeouts = { timeoutMs: 1, maxTimeoutMs: 1 };
    const context = { keyring: new Keyring({}), timeouts } as ServerContext;
    const layers = createApp(context, { corsOrigin: [] }, 'all').router.stack;
    const served = layers.flatMap(({ route }) => {
      // A backslash stands before a colon that begins no parameter.
      const path = route?.path.replace(/(?<!\\):(\w+)/g, '{$1}').replaceAll('\\', '');
      const methods = (route?.stack ?? []).map(({ method }) => method).filter(method => method !== undefined);
      return [...new Set(methods)].map(method => `${method.toUpperCase()} ${path}`);
    });
    expect(served.sort()).toEqual(
      routes()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  it('is a line of the table in docs/reliability.md', () => {
    expect(readFileSync(`${ROOT}/docs/reliability.md`, 'utf8')).toContain(accessMarkdown(rows));
  });
});

describe('--api-keys', () => {
  it('holds beside --api-key, whose key has all scopes; paths that do not exist tell nothing', async () => {
    const file = keysFile('both', [{ name: 'scraper', sha256: hash('scrape'), scopes: ['metrics'] }]);
    const service = await serveWith('--api-keys', file, '--api-key', 'master');
    expect((await classify(service, 'master')).status).toBe(200);
    expect((await classify(service, 'scrape')).status).toBe(403);
    expect((await fetch(`${service.url}/none`)).status).toBe(404);
    expect((await fetch(`${service.url}/classify`)).status).toBe(405);

    const metrics = await (await fetch(`${service.url}/metrics`, { headers: bearer('scrape') })).text();
    expect(metrics).toContain('lsllama_key_requests_total{key="default"} 1\n');
    expect(metrics).toContain('lsllama_requests_rejected_total{reason="forbidden"} 1\n');
    expect(metrics).toMatch(/^lsllama_key_tokens_total\{key="default"\} [1-9]/m);
    expect(metrics).not.toMatch(/master|scrape"/);
  });

  it('is read again when it changes, and the keys stay where the new file is broken', async () => {
    const entry = (key: string) => ({ name: 'caller', sha256: hash(key), scopes: ['predict'] });
    const file = keysFile('changing', [entry('old')]);
    const service = await serveWith('--api-keys', file);
    const logged = async (text: string) => {
      while (!service.log.some(line => line.includes(text))) await sleep(20);
    };
    expect((await classify(service, 'old')).status).toBe(200);

    keysFile('changing', '[{"name": ');
    await logged('API keys stay as they were');
    expect((await classify(service, 'old')).status).toBe(200);

    keysFile('changing', [entry('new')]);
    await logged('API keys read again');
    expect((await classify(service, 'new')).status).toBe(200);
    expect((await classify(service, 'old')).status).toBe(401);
  });

  it('tokens_per_minute refuses what is over it, without charging it', async () => {
    const tokens = async (key: string, inputs: unknown) => {
      const { usage } = (await (await classify(service, key, inputs)).json()) as {
        usage: { tokens: number };
      };
      return usage.tokens;
    };
    const many = Array.from({ length: 20 }, () => 'the market fell');
    const file = keysFile('tokens', [
      { name: 'free', sha256: hash('free'), scopes: ['predict'] },
      { name: 'tight', sha256: hash('tight'), scopes: ['predict', 'metrics'], tokens_per_minute: 20 },
    ]);
    const service = await serveWith('--api-keys', file);
    expect(await tokens('free', many)).toBeGreaterThan(20);
    const each = await tokens('tight', 'the market fell');

    // More than the limit at once is refused for ever, so there is no time after which to try again.
    const large = await classify(service, 'tight', many);
    expect([large.status, large.headers.get('retry-after')]).toEqual([429, null]);
    for (let used = 2 * each; used <= 20; used += each) {
      expect((await classify(service, 'tight')).status).toBe(200);
    }
    const refused = await classify(service, 'tight');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const metrics = await (await fetch(`${service.url}/metrics`, { headers: bearer('tight') })).text();
    expect(metrics).toContain('lsllama_requests_rejected_total{reason="rate_limited"} 2\n');
  });
});

describe('at the start', () => {
  const entry = { name: 'a', sha256: hash('a'), scopes: ['predict'] };

  it.each([
    ['a file that does not exist', `${work}/none.json`, /none\.json: no such file/],
    ['an object', { name: 'a' }, /expected array/],
    ['a key without scopes', [{ ...entry, scopes: undefined }], /0: expected the key scopes/],
    [
      'an unknown scope',
      [entry, { ...entry, scopes: ['all'] }],
      /1\.scopes\.0: expected one of .*found "all"/,
    ],
    ['a key in place of its hash', [{ ...entry, sha256: 'lsk_1' }], /"a"\): sha256: .*found 5 characters/],
    ['a date without a time zone', [{ ...entry, expires: '2030-01-31' }], /"a"\): expires: .*"2030-01-31"/],
    ['a name with spaces', [{ ...entry, name: 'a b' }], /"a b"\): name: expected/],
    ['two keys of one name', [entry, { ...entry, sha256: hash('b') }], /entry 1 \("a"\): expected a name/],
    ['one key twice', [entry, { ...entry, name: 'b' }], /entry 1 \("b"\): sha256: .*that of a/],
    ['a limit of 0', [{ ...entry, requests_per_minute: 0 }], /requests_per_minute: .*at least 1/],
  ])('%s is refused', (name, keys, message) => {
    const file = typeof keys === 'string' ? keys : keysFile(name.replaceAll(' ', '-'), keys);
    expect(() => new Keyring({ apiKeys: file })).toThrow(message);
  });

  it.each(['', ' a', 'a\n', 'kéy'])('the key %j is refused', key => {
    expect(() => new Keyring({ apiKey: key })).toThrow(/--api-key .*expected/);
  });
});
