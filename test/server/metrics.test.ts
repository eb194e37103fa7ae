// The metrics: Prometheus' naming rules, labels, and what each series counts.

import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, ROOT, readJson, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';
import { type RunningService, ready, startService } from '../support/service.js';

/** As `eval` writes it into a manifest. */
const REFERENCE = { labels: { World: 0.25, 'Sci/Tech': 0.75 }, score: 0.875 };
const models = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  const folder = await exportCheckpoint('ls_llama_seq', models);
  const manifest = readJson(join(folder, 'model.json')) as object;
  writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...manifest, reference: REFERENCE }));
  await exportCheckpoint('ls_unllama_tok', models);
  service = await startService(models, models, '--cache-size', '0');
  await ready(service);
});

function post(path: string, body: object, signal: AbortSignal | null = null): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${service.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal });
}

/** Every sample, by its name and labels as they are written. */
async function samples(): Promise<Map<string, number>> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return new Map(lines.map(line => [line.replace(/ [^ ]+$/, ''), Number(line.split(' ').at(-1))]));
}

/** Waits until a sample has a value; the test's own time limit is the bound. */
async function reached(sample: string, value: number): Promise<void> {
  while ((await samples()).get(sample) !== value) await sleep(10);
}

it('counters, and only counters, end in _total; the process keeps the stock names', async () => {
  const response = await fetch(`${service.url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain');
  const types = [...(await response.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  for (const [, name, type] of types)
    expect([name, name!.endsWith('_total')]).toEqual([name, type === 'counter']);
  const names = types.map(([, name]) => name!);
  expect(names.filter(name => !/^(lsllama|process|nodejs)_/.test(name))).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining(['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']),
  );
  expect(names.filter(name => /^lsllama_(process|nodejs)/.test(name))).toEqual([]);
});

it('engines_ready counts engine processes, models_ready counts models', async () => {
  const found = await samples();
  expect(found.get('lsllama_engines_ready')).toBe(enginePids(service.process.pid).length);
  expect(found.get('lsllama_models_ready')).toBe(2);
});

it('counts requests, batches and waiting sequences by model', async () => {
  const before = await samples();
  expect((await post('/classify', { inputs: ['the market fell', 'a goal'] })).status).toBe(200);
  expect((await post('/ner', { inputs: 'Peter Blackburn visited Germany.' })).status).toBe(200);
  const after = await samples();
  const counted = (name: string) =>
    (after.get(`lsllama_${name}`) ?? 0) - (before.get(`lsllama_${name}`) ?? 0);
  for (const [model, route, sequences] of [
    ['ls_llama_seq', '/classify', 2],
    ['ls_unllama_tok', '/ner', 1],
  ] as const) {
    const labels = `route="${route}",model="${model}",status="200"`;
    expect(counted(`request_duration_seconds_count{${labels}}`)).toBe(1);
    expect(counted(`tokenize_duration_seconds_count{model="${model}"}`)).toBe(1);
    expect(counted(`queue_duration_seconds_count{model="${model}"}`)).toBe(sequences);
    expect(counted(`batch_requests_sum{model="${model}"}`)).toBe(sequences);
    expect(counted(`batch_tokens_sum{model="${model}"}`)).toBeGreaterThan(sequences);
    expect(counted(`inference_duration_seconds_count{model="${model}"}`)).toBeGreaterThan(0);
    expect(after.get(`lsllama_queue_requests{model="${model}"}`)).toBe(0);
    expect(after.get(`lsllama_queue_tokens{model="${model}"}`)).toBe(0);
  }
  const predictions = [...after.keys()].filter(name => name.startsWith('lsllama_predictions_total'));
  expect(predictions).toContainEqual(expect.stringMatching(/\{model="ls_llama_seq",label="[A-Z]/));
});

it('counts the scores of the first hundred predictions of an answer, as they are in it', async () => {
  const before = await samples();
  const inputs = Array.from({ length: 120 }, (_, i) => `the market fell by ${i} points`);
  const answer = (await (await post('/classify', { inputs })).json()) as { results: { score: number }[] };
  const scores = answer.results.slice(0, 100).map(({ score }) => score);
  const after = await samples();
  const counted = (name: string) =>
    (after.get(`lsllama_prediction_score_${name}`) ?? 0) -
    (before.get(`lsllama_prediction_score_${name}`) ?? 0);
  const model = 'model="ls_llama_seq"';
  expect(counted(`count{${model}}`)).toBe(100);
  expect(counted(`sum{${model}}`)).toBeCloseTo(
    scores.reduce((sum, score) => sum + score),
    9,
  );
  expect(counted(`bucket{le="0.5",${model}}`)).toBe(scores.filter(score => score <= 0.5).length);
});

it('tells the version, which models are ready, and the references in their manifests', async () => {
  const found = await samples();
  const { version } = readJson(join(ROOT, 'package.json')) as { version: string };
  expect(found.get(`lsllama_build_info{version="${version}"}`)).toBe(1);
  expect(found.get('lsllama_engines')).toBe(found.get('lsllama_engines_ready'));
  for (const model of ['ls_llama_seq', 'ls_unllama_tok'])
    expect(found.get(`lsllama_model_ready{model="${model}"}`)).toBe(1);
  const references = [...found].filter(([name]) => name.startsWith('lsllama_reference_'));
  expect(Object.fromEntries(references)).toEqual({
    'lsllama_reference_label_share{model="ls_llama_seq",label="World"}': 0.25,
    'lsllama_reference_label_share{model="ls_llama_seq",label="Sci/Tech"}': 0.75,
    'lsllama_reference_score{model="ls_llama_seq"}': 0.875,
  });
});

it('counts a request past its deadline as rejected', async () => {
  const inputs = Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12));
  expect((await post('/classify', { inputs, timeout_ms: 1 })).status).toBe(504);
  expect((await samples()).get('lsllama_requests_rejected_total{reason="deadline"}')).toBeGreaterThan(0);
});

it('counts a request whose caller leaves before the answer with status 499, and not as rejected', async () => {
  const before = await samples();
  const tokenised = 'lsllama_tokenize_duration_seconds_count{model="ls_llama_seq"}';
  const caller = new AbortController();
  const inputs = Array.from({ length: 4000 }, (_, i) => `the market fell again, part ${i} `.repeat(4));
  const answer = post('/classify', { inputs }, caller.signal);
  await reached(tokenised, before.get(tokenised)! + 1);
  caller.abort();
  await expect(answer).rejects.toThrow();
  await reached(
    'lsllama_request_duration_seconds_count{route="/classify",model="ls_llama_seq",status="499"}',
    1,
  );
  await reached('lsllama_queue_requests{model="ls_llama_seq"}', 0);
  const rejected = 'lsllama_requests_rejected_total{reason="deadline"}';
  expect((await samples()).get(rejected)).toBe(before.get(rejected));
});

it('counts a request that breaks off in its body with status 499', async () => {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  const head =
    'POST /classify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n';
  socket.write(`${head}\r\n{"inputs": `, () => socket.destroy());
  await reached('lsllama_request_duration_seconds_count{route="/classify",model="",status="499"}', 1);
});
