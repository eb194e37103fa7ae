// HTTP that is broken, odd or slow: each request has an answer or a closed connection, and the service goes on.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

const models = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  service = await startService(models, models);
  await ready(service);
});

async function open({ url }: RunningService): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes on a connection of their own. Resolves to all that comes back until the connection is closed. */
async function exchange(bytes: string): Promise<string> {
  const socket = await open(service);
  let answer = '';
  socket.setEncoding('utf8').on('data', chunk => (answer += chunk));
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  return answer;
}

const head = (line: string, ...headers: string[]) =>
  `${[line, 'host: a', 'connection: close', ...headers].join('\r\n')}\r\n\r\n`;
const post = (...headers: string[]) =>
  head('POST /classify HTTP/1.1', 'content-type: application/json', ...headers);
const body = '{"inputs":"market"}';

describe('one problem document, and no second answer, for', () => {
  it.each([
    ['a line that is no HTTP', 'hello\r\n\r\n', 400],
    ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400],
    ['a head of 100 KB', head('GET /models HTTP/1.1', `a: ${'x'.repeat(100_000)}`), 431],
    ['a path of 100 KB', head(`GET /${'x'.repeat(100_000)} HTTP/1.1`), 431],
    ['a negative content-length', post('content-length: -1') + body, 400],
    ['two lengths', post('content-length: 19', 'content-length: 5') + body, 400],
    [
      'a length and chunks',
      `${post('content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      400,
    ],
    [
      'chunks and a length',
      `${post('transfer-encoding: chunked', 'content-length: 5')}0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      400,
    ],
    ['an unknown transfer-encoding', post('transfer-encoding: xchunked') + body, 400],
    ['chunked that is not last', `${post('transfer-encoding: chunked, identity')}0\r\n\r\n`, 400],
    ['a space before the colon', post('content-length : 19') + body, 400],
    ['a folded header', `${post('transfer-encoding:\r\n chunked')}zz\r\n`, 400],
    [
      'a chunk size that is no number',
      `${post('transfer-encoding: chunked')}zz\r\n${body}\r\n0\r\n\r\n`,
      400,
    ],
    ['an unknown method', head('HACK /classify HTTP/1.1'), 400],
    ['TRACE', head('TRACE /classify HTTP/1.1'), 405],
    ['CONNECT', head('CONNECT example.com:443 HTTP/1.1'), 405],
    ['PROPFIND', head('PROPFIND /nothing HTTP/1.1'), 404],
    ['a path that leaves its folder', head('GET /models/../../etc/passwd HTTP/1.1'), 404],
    ['the same in percent-encoding', head('GET /models/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1'), 404],
    ['a NUL in the path', head('GET /models/a%00b HTTP/1.1'), 404],
    ['a broken percent-encoding', head('GET /models/%zz HTTP/1.1'), 400],
    ['a path of 10 KB', head(`GET /${'x'.repeat(10_000)} HTTP/1.1`), 404],
  ])('%s', async (_, bytes, status) => {
    const answer = await exchange(bytes);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
    expect(answer).toContain(`"status":${status}`);
    expect(answer.length).toBeLessThan(2000);
    expect(answer).not.toMatch(/node_modules|\.js:|\/(root|home|work)\//);
  });
});

it('a request is refused if more than its content-length follows it on a connection that it closes', async () => {
  const answer = await exchange(`${post('content-length: 19')}${body}GET /models HTTP/1.1\r\n\r\n`);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
});

it('a request that expects 100-continue, or something else, is answered', async () => {
  for (const expectation of ['100-continue', 'tea']) {
    const answer = await exchange(post('content-length: 19', `expect: ${expectation}`) + body);
    expect(answer).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 OK/);
  }
});

it('connections that send no head, or only a part of it, are answered with 408 and closed', async () => {
  const answers = await Promise.all([exchange(''), exchange('GET /models HTTP/1.1\r\nhost:')]);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 .*"status":408/s);
});

it('500 connections without a request do not delay the shutdown', async () => {
  const other = await startService(models, models);
  await ready(other);
  const sockets = await Promise.all(Array.from({ length: 500 }, () => open(other)));
  const closed = Promise.all(sockets.map(socket => once(socket.resume(), 'close')));
  expect(await stop(other)).toBe(0);
  await closed;
});
