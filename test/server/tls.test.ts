// HTTPS: certificates from files, their renewal, and certificates of clients.

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type Agent, type RequestOptions, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { tlsOptions } from '../../dist/server/access/tls.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { startService, stop } from '../support/service.js';

const models = temporaryFolder();
const work = temporaryFolder();
const path = (name: string) => `${work}/${name}.pem`;

/** Makes a key and a certificate for it, which is its own authority. */
function makeCertificate(name: string): void {
  const { status, stderr } = spawnSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', path(`${name}-key`), '-out', path(name)],
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
}

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  for (const name of ['server', 'renewed', 'client', 'stranger']) makeCertificate(name);
});

const identity = (name: string) => ({
  cert: readFileSync(path(name)),
  key: readFileSync(path(`${name}-key`)),
});

/** The status of an answer, and the name in the certificate of the server. */
function get(
  url: string,
  options: RequestOptions & { ca: Buffer },
): Promise<{ status: number; name: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false as unknown as Agent, ...options }, response => {
      const name = (response.socket as TLSSocket).getPeerCertificate().subject.CN as string;
      resolve({ status: response.statusCode!, name });
      response.resume();
    });
    call.on('error', reject).end();
  });
}

it('serves HTTPS on every port, prints its address, and reads renewed files without a restart', async () => {
  for (const part of ['', '-key']) copyFileSync(path(`server${part}`), path(`current${part}`));
  const flags = ['--tls-cert', path('current'), '--tls-key', path('current-key'), '--admin-port', '0'];
  const service = await startService(models, models, ...flags);
  expect(service.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const admin = /"admin_url":"(https:[^"]+)"/.exec(service.log.join('\n'))![1]!;
  const ca = Buffer.concat(['server', 'renewed'].map(name => readFileSync(path(name))));
  expect(await get(`${service.url}/health/live`, { ca })).toEqual({ status: 200, name: 'server' });
  expect(await get(`${admin}/metrics`, { ca })).toEqual({ status: 200, name: 'server' });
  // HTTP without TLS is refused, and harms nobody.
  await expect(fetch(service.url.replace('https', 'http'))).rejects.toThrow();

  const logged = async (text: string) => {
    while (!service.log.some(line => line.includes(text))) await sleep(20);
  };
  copyFileSync(path('renewed'), path('current'));
  await logged('the certificate stays as it was');
  expect((await get(`${service.url}/health/live`, { ca })).name).toBe('server');
  copyFileSync(path('renewed-key'), path('current-key'));
  await logged('certificate read again');
  for (const url of [`${service.url}/health/live`, `${admin}/health/live`]) {
    expect((await get(url, { ca })).name).toBe('renewed');
  }

  await logged('ready on https://127.0.0.1');
  expect(service.log.join('\n')).toMatch(/Try: curl 'https:\/\/127\.0\.0\.1/);
  expect(await stop(service)).toBe(0);
});

it('--tls-client-ca refuses connections without a certificate of that authority', async () => {
  const flags = [
    '--tls-cert',
    path('server'),
    '--tls-key',
    path('server-key'),
    '--tls-client-ca',
    path('client'),
  ];
  const { url } = await startService(models, models, ...flags);
  const ca = readFileSync(path('server'));
  const live = `${url}/health/live`;
  await expect(get(live, { ca })).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/);
  await expect(get(live, { ca, ...identity('stranger') })).rejects.toThrow(
    /unknown ca|ECONNRESET|socket hang up/i,
  );
  expect((await get(live, { ca, ...identity('client') })).status).toBe(200);
});

describe('at the start', () => {
  it.each([
    ['a certificate without a key', () => ({ tlsCert: path('server') }), /--tls-cert: expected --tls-key/],
    ['a key without a certificate', () => ({ tlsKey: path('server-key') }), /--tls-key: expected --tls-cert/],
    ['clients without a certificate', () => ({ tlsClientCa: path('client') }), /--tls-client-ca: expected/],
    ['a file that does not exist', () => pair('none', 'server-key'), /none\.pem: no such file/],
    ['an empty path', () => ({ tlsCert: '', tlsKey: '' }), /--tls-cert: expected the path/],
    [
      'the key of another',
      () => pair('server', 'client-key'),
      /client-key\.pem: expected the private key of/,
    ],
    [
      'a key as certificate',
      () => pair('server-key', 'server-key'),
      /server-key\.pem: expected a certificate/,
    ],
    ['a certificate as key', () => pair('server', 'server'), /server\.pem: expected a private key/],
    [
      'a key with a passphrase',
      () => pair('server', 'locked'),
      /locked\.pem: expected .*without a passphrase/,
    ],
    [
      'no authority',
      () => ({ ...pair('server', 'server-key'), tlsClientCa: path('text') }),
      /text\.pem: expected/,
    ],
  ])('%s is refused', (_, files, message) => {
    writeFileSync(path('text'), 'no certificate');
    spawnSync('openssl', [
      ...['pkcs8', '-topk8', '-in', path('server-key'), '-out', path('locked'), '-passout', 'pass:secret'],
    ]);
    expect(() => tlsOptions(files())).toThrow(message);
  });

  function pair(cert: string, key: string) {
    return { tlsCert: path(cert), tlsKey: path(key) };
  }
});
