// Sends the service requests that are made to do harm, and prints for each the answer, its seconds, the longest delay
// of the service's event loop meanwhile and the memory of its process (Linux only).
// usage: npx tsx bench/hostile.ts [CLI.js]

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { CLASSIFIER, exportedModel, TAGGER } from './models.ts';
import { printTable } from './report.ts';
import { startService } from './service.ts';

/** In seconds, after which a request is given up. */
const LIMIT = 90;

interface Hostile {
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
}

const list = (item: string, megabytes: number) =>
  `[${new Array(Math.floor((megabytes * 1e6) / (item.length + 1))).fill(item).join(',')}]`;
const inputs = (text: string, more = '') => `{"inputs":${JSON.stringify(text)}${more}}`;
const news = 'Angela Merkel met executives of Siemens in Munich. ';
const bomb = Buffer.alloc(500_000_000, ' ');

const REQUESTS: Record<string, Hostile> = {
  '8 MB of numbers for texts': { path: '/classify', body: `{"inputs":${list('0', 8)}}` },
  '20 KB of numbers for texts': { path: '/classify', body: `{"inputs":${list('0', 0.0199)}}` },
  '700,000 unknown fields': {
    path: '/classify',
    body: `{"inputs":"a",${Array.from({ length: 700_000 }, (_, i) => `"f${i}":0`).join(',')}}`,
  },
  '8 MB of empty texts': { path: '/ner', body: `{"inputs":${list('""', 8)}}` },
  '8 MB of empty lists': { path: '/ner', body: `{"tokens":${list('[]', 8)}}` },
  '10,000 empty texts': { path: '/ner', body: `{"inputs":${list('""', 0.03)}}` },
  '1,000,000 empty words': { path: '/ner', body: `{"tokens":[${list('""', 2.99)}],"tags":true}` },
  '8 MB of news, 5 s': { path: '/ner', body: inputs(news.repeat(155_000), ',"timeout_ms":5000') },
  '8 MB of one-letter words, 5 s': {
    path: '/ner',
    body: inputs('a '.repeat(3_900_000), ',"timeout_ms":5000'),
  },
  '10,000 short texts, 5 s': {
    path: '/classify',
    body: JSON.stringify({ inputs: Array.from({ length: 10_000 }, (_, i) => `news ${i}`), timeout_ms: 5000 }),
  },
  'a word of 7 MB': { path: '/classify', body: inputs('abcdefghij'.repeat(700_000)) },
  'a word of 7 MB to /ner': { path: '/ner', body: inputs('abcdefghij'.repeat(700_000)) },
  'a word of 10 MB': { path: '/ner', body: inputs('a'.repeat(10_000_000)) },
  '30 KB of one-letter words': { path: '/ner', body: inputs('a '.repeat(15_000), ',"timeout_ms":5000') },
  '8 MB of [': { path: '/ner', body: '['.repeat(8_000_000) },
  'nested 4 million deep': { path: '/ner', body: '['.repeat(4_000_000) + ']'.repeat(4_000_000) },
  'gzip of 500 MB': { path: '/ner', body: gzipSync(bomb), headers: { 'content-encoding': 'gzip' } },
  'br of 500 MB': {
    path: '/ner',
    body: brotliCompressSync(bomb, { params: { 1: 5 } }),
    headers: { 'content-encoding': 'br' },
  },
};

const cli = process.argv[2];
const service = await startService(
  { classifier: await exportedModel(CLASSIFIER, {}), tagger: await exportedModel(TAGGER, {}) },
  cli === undefined ? {} : { cli },
);
await sleep(1000);
const rows = [['request', 'answer', 'bytes', 'seconds', 'loop delay ms', 'resident MB']];
for (const [name, hostile] of Object.entries(REQUESTS)) {
  const probe = watchLoop();
  const started = performance.now();
  const { status, bytes } = await send(hostile);
  const seconds = (performance.now() - started) / 1000;
  rows.push([
    name,
    status,
    String(bytes),
    seconds.toFixed(2),
    (await probe()).toFixed(0),
    String(Math.round(peakResident() / 1024)),
  ]);
  console.error(rows.at(-1)!.join(' | '));
}
printTable(rows);
await service.stop();

/** The longest delay of the service's event loop from now on, by prom-client's gauge, which a scrape resets. */
function watchLoop(): () => Promise<number> {
  let longest = 0;
  let isOver = false;
  const scrape = async () => {
    // The service may close a connection while its event loop is held.
    const answer = await fetch(`${service.url}/metrics`).catch(() => undefined);
    const text = (await answer?.text()) ?? '';
    return 1000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1] ?? 0);
  };
  const watching = (async () => {
    await scrape();
    while (!isOver) {
      await sleep(200);
      longest = Math.max(longest, await scrape());
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return longest;
  };
}

function peakResident(): number {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]);
}

function send({ path, body, headers }: Hostile): Promise<{ status: string; bytes: number }> {
  return new Promise(resolve => {
    const signal = AbortSignal.timeout(LIMIT * 1000);
    const sent = request(
      `${service.url}${path}`,
      { method: 'POST', signal, headers: { 'content-type': 'application/json', ...headers } },
      response => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.on('close', () => resolve({ status: String(response.statusCode), bytes }));
      },
    );
    sent.on('error', error =>
      resolve({ status: (error as NodeJS.ErrnoException).code ?? error.name, bytes: 0 }),
    );
    sent.end(body);
  });
}
