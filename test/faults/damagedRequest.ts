// Makes damaged requests: bodies that are no JSON, no UTF-8, or JSON of another shape; odd headers, methods and paths; and
// broken HTTP.

import { gzipSync } from 'node:zlib';
import type { Random } from '../fuzz/random.js';
import { goldenRequests } from './texts.js';

const GOOD = goldenRequests();
const FIELDS = [
  ...['inputs', 'tokens', 'model', 'top_k', 'threshold', 'timeout_ms', 'truncate', 'raw_scores', 'long_text'],
  ...['decoding', 'offset_unit', 'tags', 'priority', '__proto__', 'constructor', 'toString', ''],
];
const VALUES = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    1e-300,
    0.5,
    '',
    ' ',
    '\0',
    '\ud800',
    'a\udfff',
    '\u202eabc',
    '\ufeff',
    '__proto__',
  ],
  ...[[], [[]], [''], [null], {}, { inputs: 'a' }],
  ...['😀'.repeat(50), 'x'.repeat(5000), Array(300).fill('a'), Array(50).fill('')],
];
const METHODS = ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'CONNECT', 'FOO', 'post'];
const PATHS = [
  ...['/', '/models', '/models/%2e%2e%2fetc', '/models/a%00b', '/models/%ff', '/metrics', '/health/ready'],
  ...[
    '/openapi.yaml',
    `/${'a'.repeat(9000)}`,
    '//classify',
    '/classify/',
    '/classify?a=b',
    '/../classify',
    '*',
  ],
  ...['http://a/classify', '/models/conll03-unllama/reload', '/v2', '/predict'],
];
const CONTENT_TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  '',
  'application/json;;',
  'multipart/form-data',
];
const HEADERS = [
  ...['x-request-id: \xff', `x-long: ${'a'.repeat(20_000)}`, 'expect: 100-continue', 'expect: nothing'],
  ...['authorization: Bearer', 'transfer-encoding: chunked', 'content-length: 5', 'te: trailers'],
  ...['upgrade: websocket', 'range: bytes=0-'],
];

/** One request, as its bytes. */
export function damagedRequest(random: Random): Buffer {
  const { route, body } = random.pick(GOOD);
  let content = Buffer.from(random.chance(60) ? oddBody(random, body) : body);
  if (random.chance(40)) content = damaged(random, content);
  const type = random.chance(10) ? random.pick(CONTENT_TYPES) : 'application/json';
  const headers = ['host: a', `content-type: ${type}`, 'connection: close'];
  if (random.chance(8)) {
    const isCompressed = random.chance(50);
    if (isCompressed) content = gzipSync(content);
    headers.push(
      `content-encoding: ${isCompressed ? 'gzip' : random.pick(['gzip', 'deflate', 'br', 'zstd', 'a'])}`,
    );
  }
  if (random.chance(10)) headers.push(random.pick(HEADERS));
  // Now and then the length is not that of the content.
  const isTrue = random.below(200) > 0;
  headers.push(`content-length: ${isTrue ? content.length : random.below(2 * content.length + 1)}`);
  const method = random.chance(95) ? 'POST' : random.pick(METHODS);
  const path = random.chance(92) ? route : random.pick(PATHS);
  const head = `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head, 'latin1'), content]);
  return random.chance(5) ? damaged(random, request) : request;
}

/** A body with some fields of odd values, and some left out. */
function oddBody(random: Random, body: string): string {
  const odd = new Map<string, unknown>(Object.entries(JSON.parse(body) as object));
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const field = random.pick(FIELDS);
    const value = random.pick(VALUES);
    if (random.chance(15)) odd.delete(field);
    else odd.set(field, random.chance(20) ? [value, value] : value);
  }
  const fields = [...odd].map(([field, value]) => `${JSON.stringify(field)}:${JSON.stringify(value)}`);
  return `{${fields.join(',')}}`;
}

/** Changes some bytes, cuts, or leaves out or repeats a part. */
function damaged(random: Random, content: Buffer): Buffer<ArrayBuffer> {
  const at = random.below(content.length + 1);
  switch (random.below(4)) {
    case 0:
      return Buffer.from(content.subarray(0, at));
    case 1:
      return Buffer.concat([content.subarray(0, at), Buffer.from([random.below(256)]), content.subarray(at)]);
    case 2:
      return Buffer.concat([content.subarray(0, at), content.subarray(random.below(content.length + 1))]);
    default: {
      const changed = Buffer.from(content);
      for (let i = at; i < Math.min(at + 3, changed.length); i++) changed[i] = random.below(256);
      return changed;
    }
  }
}
