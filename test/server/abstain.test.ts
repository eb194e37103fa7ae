// Thresholds over HTTP: abstention of classifiers, and the labels that multi-label models list.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { exportCheckpoint, requestOf, temporaryFolder } from '../support/fixtures.js';
import { expectSchema, post } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

const models = temporaryFolder();
const warm = temporaryFolder();
const text = 'Oil prices fell in London.';
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  const labels = requestOf('ls_llama_seq').labels!;
  const thresholds = Object.fromEntries(labels.map(label => [label, 1]));
  await exportModel({ ...requestOf('ls_llama_seq'), thresholds }, join(models, 'cautious'));
  await exportModel(
    { ...requestOf('ls_llama_seq'), problemType: 'multi', thresholds: { World: 0, Sports: 1 } },
    join(models, 'multi'),
  );
  service = await startService(models, models);
  await ready(service);
});

async function classify(model: string, fields: object = {}, inputs: string | string[] = text) {
  const { status, body } = await post(`${service.url}/classify`, { model, inputs, ...fields });
  if (status === 200) expectSchema('ClassifyResponse', body);
  return { status, body };
}

it('a label is null where its probability is below its threshold, if the request asks for it', async () => {
  const plain = await classify('cautious');
  const { label, score, probabilities } = plain.body.results[0];
  expect(label).toEqual(expect.any(String));
  const { body } = await classify('cautious', { abstain: true });
  expect(body.results[0]).toEqual({ ...plain.body.results[0], label: null });
  expect(body.results[0]).toMatchObject({ score, probabilities });
  const lower = await classify('cautious', { abstain: true, threshold: score });
  expect(lower.body).toEqual(plain.body);
});

it('large bodies, which a worker thread answers, are the same', async () => {
  const texts = Array<string>(2000).fill(text);
  const { body } = await classify('cautious', { abstain: true, top_k: 1 }, texts);
  expect(new Set(body.results.map(({ label }: { label: string | null }) => label))).toEqual(new Set([null]));
});

it('a model without thresholds abstains only by the threshold of the request', async () => {
  const refused = await classify('ls_llama_seq', { abstain: true });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: '/abstain' }] } });
  const { body } = await classify('ls_llama_seq', { abstain: true, threshold: 1 });
  expect(body.results[0].label).toBeNull();
});

it('a multi-label model lists labels by its own thresholds, unless the request has one', async () => {
  const names = ({ body }: { body: { results: { labels: { label: string }[] }[] } }) =>
    body.results[0]!.labels.map(({ label }) => label);
  const { body } = await classify('multi');
  const { probabilities } = body.results[0];
  const expected = Object.entries(probabilities as Record<string, number>)
    .filter(([label, p]) => label === 'World' || (label !== 'Sports' && p >= 0.5))
    .map(([label]) => label);
  expect(names({ body }).sort()).toEqual(expected.sort());
  expect(names(await classify('multi', { threshold: 0 }))).toHaveLength(4);
});

it('a temperature changes probabilities in both threads alike, and not the logits', async () => {
  const folder = join(models, 'cautious');
  const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  cpSync(folder, join(warm, 'warm'), { recursive: true });
  writeFileSync(join(warm, 'warm', 'model.json'), JSON.stringify({ ...manifest, temperature: 3 }));
  const other = await startService(warm, warm);
  await ready(other);
  const ask = async (inputs: string | string[]) =>
    (await post(`${other.url}/classify`, { inputs, raw_scores: true })).body.results[0];
  const [small, large] = [await ask(text), await ask(Array<string>(2000).fill(text))];
  expect(large).toEqual(small);
  const plain = (await classify('cautious', { raw_scores: true })).body.results[0];
  expect(small.logits).toEqual(plain.logits);
  expect(small.score).toBeLessThan(plain.score);
});
