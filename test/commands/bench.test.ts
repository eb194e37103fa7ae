// `lsllama bench` against a small HTTP server, as a user runs it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../support/fixtures.js';
import { type Asked, type StubAnswer, startStub } from '../support/stubServer.js';

const work = temporaryFolder();
const DATA = `${work}/data.jsonl`;
writeFileSync(DATA, '{"text": "a text"}\n{"tokens": ["another", "one"]}\n');

/** A short load test. */
const SHORT = ['--concurrency', '2', '--warmup', '0.1', '--seconds', '0.4'];

/** Runs the command while this process goes on serving. */
async function bench(...args: string[]) {
  const child = spawn(process.execPath, [`${ROOT}/dist/cli.js`, 'bench', ...args]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code: code as number };
}

/** A service in our shape, with metrics. */
let lookups = 0;
function ours({ path, body }: Asked): StubAnswer {
  if (path === '/metrics') return { body: metrics() };
  if (path !== '/classify') return { status: 404, body: { title: 'Not Found', detail: `no route ${path}` } };
  lookups += JSON.parse(body).inputs.length;
  return { body: { model: 'm', results: [], usage: { tokens: 7 } } };
}

function metrics(): string {
  return `lsllama_cache_requests_total{result="miss"} ${lookups}
lsllama_queue_duration_seconds_sum{model="m"} ${lookups * 0.002}
lsllama_queue_duration_seconds_count{model="m"} ${lookups}
`;
}

const server = await startStub(ours);
const url = `${server.url}/classify`;

describe('a load test', () => {
  it('tells on standard error how far it is and how it goes, and on standard output only the report', async () => {
    const flags = ['--concurrency', '1', '--warmup', '0.1', '--seconds', '2.5', '--json'];
    const { stdout, stderr, code } = await bench(url, DATA, ...flags);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      errors: {},
      stopped: null,
      conditions: { load: 'closed loop', concurrency: 1, data: 'data.jsonl', unique_texts: true },
      server: { queue: expect.closeTo(2) },
    });
    expect(stderr).toMatch(/^1 in flight: load \d+\/s, p50 \d+, p99 \d+ ms, \d+%\n$/);
  });

  it('makes each text unique unless it is told not to', async () => {
    const sentWith = async (...flags: string[]) => {
      server.asked.length = 0;
      await bench(url, DATA, ...SHORT, ...flags);
      const posted = server.asked.filter(({ path }) => path === '/classify');
      return posted.map(({ body }) => JSON.parse(body).inputs as string[]);
    };
    const unique = (await sentWith()).flat();
    expect(new Set(unique).size).toBe(unique.length);
    for (const each of unique) expect(each).toMatch(/^[a-z]{5} (a text|another one)$/);
    const repeated = await sentWith('--repeat-texts', '--per-request', '3');
    for (const inputs of repeated) expect(inputs).toEqual(['a text', 'another one', 'a text']);
  });

  it('sends lists of inputs as they come in the data', async () => {
    const data = `${work}/mix.jsonl`;
    writeFileSync(data, '{"inputs": ["a", "b", "c"]}\n{"text": "d"}\n{"inputs": "e"}\n');
    server.asked.length = 0;
    await bench(url, data, ...SHORT, '--repeat-texts', '--concurrency', '1');
    const posted = server.asked.filter(({ path }) => path === '/classify');
    expect(posted.slice(0, 4).map(({ body }) => JSON.parse(body).inputs)).toEqual([
      ['a', 'b', 'c'],
      ['d'],
      ['e'],
      ['a', 'b', 'c'],
    ]);
    const refused = await bench(url, data, ...SHORT, '--per-request', '2');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('expected one text in each line'),
    ]);
  });

  it('prints the rates, both latencies, tokens and what the server counted', async () => {
    const { stdout } = await bench(url, DATA, ...SHORT, '--rate', '100');
    expect(stdout).toMatch(/^requests +\d+ of \d+ due were answered/m);
    expect(stdout).toMatch(/^rate +asked 100\.0\/s, due [\d.]+\/s, sent [\d.]+\/s, answered [\d.]+\/s$/m);
    expect(stdout).toMatch(/^texts +[\d.]+\/s, \d+ tokens\/s$/m);
    expect(stdout).toMatch(/^latency ms +p50 +p90 +p95 +p99 +p99\.9 +mean +max$/m);
    expect(stdout).toMatch(/^from due( +[\d.]+){7}$/m);
    expect(stdout).toMatch(/^from send( +[\d.]+){7}$/m);
    expect(stdout).toMatch(/^errors +none$/m);
    expect(stdout).toMatch(/result cache answered 0 of \d+$/m);
    expect(stdout).toMatch(/^server +on average queue 2\.0 ms$/m);
  });

  it('stops where nobody listens, with what the connection says', async () => {
    const gone = await startStub(ours);
    gone.close();
    const { stdout, stderr, code } = await bench(`${gone.url}/classify`, DATA, '--seconds', '600');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /error: the first 20 requests failed: ECONNREFUSED: connect ECONNREFUSED 127\.0\.0\.1:\d+/,
    );
    expect(stdout).toMatch(/^stopped +the first 20 requests failed: [^\n]+\n$/);
  });

  it('stops at a wrong URL, with the server’s words', async () => {
    const { stderr, code } = await bench(`${server.url}/clasify`, DATA, '--seconds', '600');
    expect([code, stderr]).toEqual([1, expect.stringContaining('no route /clasify')]);
  });
});

describe('files', () => {
  it('holds the result as JSON and as a page that needs nothing from elsewhere', async () => {
    const [json, html] = [`${work}/result.json`, `${work}/result.html`];
    const { stdout, code } = await bench(url, DATA, ...SHORT, '--json', json, '--html', html);
    expect(code).toBe(0);
    expect(stdout).toContain('latency ms');
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ errors: {}, conditions: { url } });
    const page = readFileSync(html, 'utf8');
    expect(page).toContain('<title>Load test of http://127.0.0.1:');
    expect(page).toContain('uPlot');
    expect(page).not.toMatch(/<(link|img|script)[^>]+(src|href)=/);
    expect(existsSync(`${html}.partial`)).toBe(false);
    expect(readdirSync(work).filter(name => name.startsWith('.'))).toEqual([]);
  });

  it('are refused before the measurement where they cannot be written', async () => {
    const { code, stderr } = await bench(url, DATA, '--seconds', '600', '--html', `${work}/absent/a.html`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('absent')]);
  });

  it('are compared', async () => {
    const [a, b] = [`${work}/a.json`, `${work}/b.json`];
    await bench(url, DATA, ...SHORT, '--json', a);
    await bench(url, DATA, ...SHORT, '--repeat-texts', '--json', b);
    const { stdout, code } = await bench('compare', a, b);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +A +B +B \/ A$/m);
    expect(stdout).toMatch(/^p99 ms +[\d.]+ +[\d.]+ +[\d.]+$/m);
    expect(stdout).toContain('not measured under the same conditions');
    expect(stdout).toContain('  unique texts: true in A, false in B\n');
    const refused = await bench('compare', a, `${ROOT}/package.json`);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('expected a result of bench --json'),
    ]);
  });
});

describe('--fail-if', () => {
  it('exits with 3 where one of them holds, and says what was found', async () => {
    const { code, stderr } = await bench(
      url,
      DATA,
      ...SHORT,
      '--fail-if',
      'errors>0',
      '--fail-if',
      'p99>0ms',
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/failed: p99>0ms, and p99 is [\d.]+ms\n/);
    expect(stderr).not.toContain('errors');
  });

  it('exits with 0 where none holds', async () => {
    expect((await bench(url, DATA, ...SHORT, '--fail-if', 'p99>60s', '--fail-if', 'rate<1/s')).code).toBe(0);
  });

  it('is wrong usage where it is no condition', async () => {
    const { code, stderr } = await bench(url, DATA, '--fail-if', 'p97>1ms');
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected one of p50')]);
  });
});

describe('a sweep', () => {
  it('finds the capacity of a service that answers one request after another, in 10 ms each', async () => {
    let turn = Promise.resolve();
    const slow = await startStub(async asked => {
      if (asked.path !== '/classify') return ours(asked);
      turn = turn.then(() => new Promise(resolve => setTimeout(resolve, 10)));
      await turn;
      return ours(asked);
    });
    const [json, html] = [`${work}/sweep.json`, `${work}/sweep.html`];
    const flags = ['--sweep', '--seconds', '1', '--warmup', '0.3', '--json', json, '--html', html];
    const { stdout, code } = await bench(`${slow.url}/classify`, DATA, ...flags);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^capacity +[\d.]+ requests\/s/m);
    const result = JSON.parse(readFileSync(json, 'utf8'));
    // A timer of 10 ms takes up to 11 or 12, more on a busy machine, and a second is short: the value itself is not judged.
    expect(result.capacity).toBeGreaterThan(10);
    expect(result.capacity).toBeLessThan(110);
    expect(result.steps.length).toBeGreaterThanOrEqual(5);
    expect(readFileSync(html, 'utf8')).toContain('Latency against load');
  });
});
