// `lsllama bench` against a small HTTP server.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../support/fixtures.js';

it('tells on standard error how far the load test is, and on standard output only the report', async () => {
  const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/classify`;
  const data = `${temporaryFolder()}/data.jsonl`;
  writeFileSync(data, '{"text": "a text"}\n');

  const flags = ['--concurrency', '1', '--warmup', '0.1', '--seconds', '2.5', '--json'];
  const bench = spawn(process.execPath, [`${ROOT}/dist/cli.js`, 'bench', url, data, ...flags]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(bench.stdout),
    text(bench.stderr),
    once(bench, 'exit'),
  ]);
  server.close();

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ errors: {} });
  expect(stderr).toMatch(/^load test: measuring \d+%\n$/);
});
