// The examples run as their page says, with the shipped models.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as read } from 'node:stream/consumers';
import { beforeAll, expect, it } from 'vitest';
import { defaultCache } from '../dist/model/cache.js';
import { ROOT, temporaryFolder } from './support/fixtures.js';
import { type RunningService, ready, startService } from './support/service.js';

const work = temporaryFolder();
const page = readFileSync(`${ROOT}/examples/README.md`, 'utf8');
let service: RunningService;

beforeAll(async () => {
  service = await startService(`${ROOT}/models`, defaultCache());
  await ready(service);
}, 600_000);

/** Runs the command that the page has for an example, and compares what it prints with what the page says it prints. */
function runs(example: string): void {
  const block = new RegExp(`\`\`\`sh\\n([^\`]*${example}[^\`]*)\`\`\`\\n\\n\`\`\`\\n([^\`]*)\`\`\``);
  const [, command, printed] = block.exec(page)!;
  const here = command!.replace('http://127.0.0.1:8080', service.url).replace(' tickets <', ` ${work} <`);
  const { stdout, stderr } = spawnSync('bash', ['-c', here], { cwd: ROOT, encoding: 'utf8' });
  expect(stdout, stderr).toBe(printed);
}

it('routes tickets', () => {
  runs('ticket-router.mjs');
  expect(JSON.parse(readFileSync(`${work}/Sports.jsonl`, 'utf8'))).toMatchObject({ id: 1, label: 'Sports' });
});

it('redacts names', () => {
  runs('redact-names.mjs');
});

it('labels what an address has, and sends it to another one', async () => {
  let uploaded = '';
  const store = createServer(async (request, response) => {
    if (request.method === 'PUT') uploaded = await read(request);
    response.end(request.method === 'GET' ? readFileSync(`${ROOT}/examples/tickets.jsonl`) : '');
  }).listen(0, '127.0.0.1');
  await once(store, 'listening');
  const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const job = spawn(`${ROOT}/examples/nightly.sh`, [`${url}/in`, `${url}/out`, 'models/agnews-llama'], {
    cwd: ROOT,
  });
  const [status] = await once(job, 'exit');
  store.close();
  expect(status).toBe(0);
  const lines = uploaded.trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line).label)).toEqual(['Sports', 'World', expect.any(String)]);
});
