// Cross-origin requests, as a browser makes them: https://fetch.spec.whatwg.org/#http-cors-protocol

import { describe, expect, it } from 'vitest';
import { originList } from '../../dist/commands/options.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';

const PAGE = 'https://page.example';
const models = temporaryFolder();
await exportCheckpoint('ls_llama_seq', models);

/** A browser's preflight request for a JSON POST with a key. */
function preflight({ url }: RunningService, origin: string): Promise<Response> {
  return fetch(`${url}/classify`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
}

function classify({ url }: RunningService, origin: string, headers: object = {}): Promise<Response> {
  return fetch(`${url}/classify`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ inputs: 'the market fell' }),
  });
}

const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

it('is off unless it is asked for', async () => {
  const service = await startService(models, models);
  await ready(service);
  const refused = await preflight(service, PAGE);
  expect([refused.status, allowed(refused)]).toEqual([405, null]);
  const answer = await classify(service, PAGE);
  expect([answer.status, allowed(answer)]).toEqual([200, null]);
});

describe('--cors-origin', () => {
  it('allows the listed origins, and no other', async () => {
    const origins = `${PAGE}, http://localhost:3000`;
    const service = await startService(models, models, '--cors-origin', origins, '--api-key', 'secret');
    await ready(service);
    for (const origin of [PAGE, 'http://localhost:3000']) {
      const answer = await preflight(service, origin);
      expect([answer.status, allowed(answer)]).toEqual([204, origin]);
      expect(answer.headers.get('access-control-allow-methods')).toMatch(/POST/);
      expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
      expect(answer.headers.get('vary')).toMatch(/origin/i);
    }
    expect(allowed(await preflight(service, 'https://other.example'))).toBeNull();

    const answer = await classify(service, PAGE, { authorization: 'Bearer secret' });
    expect([answer.status, allowed(answer)]).toEqual([200, PAGE]);
    expect(answer.headers.get('access-control-expose-headers')?.split(',')).toEqual([
      'x-request-id',
      'retry-after',
      'server-timing',
    ]);
    // A page may read the problem that it gets as well.
    const refused = await classify(service, PAGE);
    expect([refused.status, allowed(refused)]).toEqual([401, PAGE]);
  });

  it('allows every origin with *', async () => {
    const service = await startService(models, models, '--cors-origin', '*');
    await ready(service);
    expect(allowed(await preflight(service, PAGE))).toBe('*');
    expect(allowed(await classify(service, 'https://other.example'))).toBe('*');
  });

  it.each([
    ['*', ['*']],
    ['', []],
    ['https://a.example, http://localhost:3000', ['https://a.example', 'http://localhost:3000']],
  ])('reads %j', (text, origins) => expect(originList(text)).toEqual(origins));

  it.each(['a.example', 'https://a.example/', 'https://a.example/page', 'https://a.example:443'])(
    'refuses %s, which no browser sends as an origin',
    text => expect(() => originList(text)).toThrow(`found ${text}`),
  );
});
