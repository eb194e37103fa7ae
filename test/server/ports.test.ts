// The port of administration, and the addresses of clients behind proxies.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

const models = temporaryFolder();

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
});

const adminOf = ({ log }: RunningService) => /"admin_url":"([^"]+)"/.exec(log.join('\n'))![1]!;
const status = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status;

it('--admin-port has the metrics, which the other port does not have then; both tell their health', async () => {
  const service = await startService(models, models, '--admin-port', '0', '--api-key', 'secret');
  await ready(service);
  const admin = adminOf(service);
  const headers = { authorization: 'Bearer secret' };
  expect(await status(`${admin}/metrics`, { headers })).toBe(200);
  expect(await status(`${admin}/metrics`)).toBe(401);
  expect(await status(`${service.url}/metrics`, { headers })).toBe(404);
  expect(await status(`${admin}/models`, { headers })).toBe(404);
  expect(await status(`${service.url}/models`, { headers })).toBe(200);
  for (const path of ['/health/live', '/health/ready', '/openapi.yaml']) {
    for (const url of [service.url, admin]) expect(await status(url + path)).toBe(200);
  }
  // A connection to either port that is kept open does not hold up the shutdown.
  expect(await stop(service)).toBe(0);
});

it('a port of administration that is taken ends the start, with the flag to change', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(startService(models, models, '--admin-port', String(port))).rejects.toThrow(
    /serve ended with 1: error: cannot listen on port \d+ .* --admin-port/,
  );
  other.close();
});

it('the log tells the client’s address as a trusted proxy gives it, and no other', async () => {
  const clientOf = async (...flags: string[]) => {
    const service = await startService(models, models, '--log-level', 'debug', ...flags);
    await status(`${service.url}/health/live`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    await stop(service);
    return /"client":"([^"]*)"/.exec(service.log.join('\n'))?.[1];
  };
  expect(await clientOf()).toBe('127.0.0.1');
  expect(await clientOf('--trust-proxy', '10.0.0.0/8')).toBe('127.0.0.1');
  expect(await clientOf('--trust-proxy', '10.0.0.0/8, 127.0.0.1')).toBe('203.0.113.9');
  await expect(startService(models, models, '--trust-proxy', '10.0.0.0/99')).rejects.toThrow(
    /serve ended with 1: error: --trust-proxy: expected addresses or networks/,
  );
});
