// Models are replaced while they serve: no request is lost, and each answer is that of one version.

import { cpSync, existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';

import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, requestOf, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

const NAME = 'ls_llama_seq';
const work = temporaryFolder();
const models = temporaryFolder();
const served = `${models}/news`;
const labels = requestOf(NAME).labels!;
const long = 'Peter Blackburn visited the market in Germany. '.repeat(600);
const texts = ['The market fell again.', long];
let service: RunningService;
/** The two versions: model folders whose labels and logits differ. */
let versions: string[];

beforeAll(async () => {
  versions = await Promise.all(
    (['causal', 'bidirectional'] as const).map(attention =>
      exportCheckpoint(NAME, `${work}/${attention}`, {
        attention,
        labels: labels.map(label => `${attention} ${label}`),
      }),
    ),
  );
  cpSync(versions[0]!, served, { recursive: true });
  service = await startService(models, temporaryFolder(), '--allow-reload', '--cache-size', '0');
  await ready(service);
});

/** Puts a copy of a model folder in the place of the one that is served. */
function replaceServed(folder: string, change: (copy: string) => void = () => {}): void {
  const copy = `${work}/copy`;
  cpSync(folder, copy, { recursive: true });
  change(copy);
  if (existsSync(served)) renameSync(served, `${work}/old`);
  renameSync(copy, served);
  rmSync(`${work}/old`, { recursive: true, force: true });
}

const reload = (name = 'news') => fetch(`${service.url}/models/${name}/reload`, { method: 'POST' });

async function ask(inputs: readonly string[], url = service.url): Promise<string> {
  const response = await fetch(`${url}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs, raw_scores: true }),
  });
  const body = (await response.json()) as { results: { label: string; logits: number[] }[] };
  if (!response.ok) return JSON.stringify(body);
  return JSON.stringify(
    body.results.map(({ label, logits }) => [label.split(' ')[0], logits.map(logit => logit.toFixed(3))]),
  );
}

it('20 reloads under load: every answer is that of one version', async () => {
  const expected = new Set([await ask(texts)]);
  replaceServed(versions[1]!);
  expect((await reload()).status).toBe(200);
  expected.add(await ask(texts));
  expect(expected.size).toBe(2);

  let isDone = false;
  const answers: string[] = [];
  const load = Array.from({ length: 6 }, async () => {
    while (!isDone) answers.push(await ask(texts));
  });
  for (let i = 0; i < 20; i++) {
    replaceServed(versions[i % 2]!);
    const response = await reload();
    expect(response.status).toBe(200);
    const { version } = JSON.parse(readFileSync(`${served}/model.json`, 'utf8'));
    expect(await response.json()).toMatchObject({ name: 'news', state: 'ready', version });
  }
  isDone = true;
  await Promise.all(load);
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.filter(answer => !expected.has(answer))).toEqual([]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('lsllama_model_reloads_total{model="news",result="loaded"} 21');
  expect(metrics.match(/lsllama_model_info\{model="news",version="\w+"\} 1/g)).toHaveLength(1);
});

it('a broken version is refused, and the one before it serves', async () => {
  const before = await ask(texts);
  replaceServed(versions[0]!, copy => writeFileSync(`${copy}/tokenizer.json`, '{}'));
  const response = await reload();
  expect(response.status).toBe(422);
  expect(((await response.json()) as { detail: string }).detail).toMatch(
    /^model news could not be loaded: news\/tokenizer\.json: /,
  );
  expect(await ask(texts)).toBe(before);
  const described = await (await fetch(`${service.url}/models/news`)).json();
  expect(described).toMatchObject({
    state: 'ready',
    reload_error: expect.stringContaining('tokenizer.json'),
  });
  replaceServed(versions[0]!);
  expect(await (await reload()).json()).not.toHaveProperty('reload_error');
});

it('a long text is tokenised as its model does after the folder was overwritten in place', async () => {
  replaceServed(versions[1]!);
  await reload();
  const before = JSON.parse(await ask([texts[0]!, 'The']));
  // The thread that encodes long texts has not loaded the tokenizer of this version yet.
  writeFileSync(`${served}/tokenizer.json`, '{}');
  const after = JSON.parse(await ask([texts[0]!, 'The', long]));
  expect(after.slice(0, 2)).toEqual(before);
});

it('answers 404 for a model that is not there, and 409 while a reload goes on', async () => {
  replaceServed(versions[0]!);
  expect((await reload('absent')).status).toBe(404);
  const statuses = (await Promise.all([reload(), reload()])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 409]);
});

it('with --watch models are added, replaced and removed as their folders are', async () => {
  replaceServed(versions[0]!);
  const watching = await startService(models, temporaryFolder(), '--watch', '--cache-size', '0');
  await ready(watching);
  const described = async (name: string) => (await fetch(`${watching.url}/models/${name}`)).json();
  const until = async (name: string, expected: object) => {
    await expect.poll(() => described(name), { timeout: 20_000 }).toMatchObject(expected);
  };
  const versionOf = (folder: string) => JSON.parse(readFileSync(`${folder}/model.json`, 'utf8')).version;
  const statuses = new Set<number>();
  let isDone = false;
  const load = Array.from({ length: 3 }, async () => {
    while (!isDone) {
      const response = await fetch(`${watching.url}/classify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: texts, model: 'news' }),
      });
      statuses.add(response.status);
      await response.json();
      statuses.add((await fetch(`${watching.url}/health/ready`)).status);
    }
  });
  replaceServed(versions[1]!);
  await until('news', { state: 'ready', version: versionOf(versions[1]!) });

  // A folder that is copied in pieces is loaded when it is complete.
  cpSync(versions[0]!, `${models}/added`, { recursive: true });
  truncateSync(`${models}/added/model.onnx.data`, 1000);
  await expect.poll(() => watching.log.join(), { timeout: 20_000 }).toContain('not complete');
  expect(await described('added')).toMatchObject({ status: 404 });
  cpSync(`${versions[0]}/model.onnx.data`, `${models}/added/model.onnx.data`);
  await until('added', { state: 'ready', version: versionOf(versions[0]!) });

  rmSync(`${models}/added`, { recursive: true });
  await until('added', { status: 404 });
  isDone = true;
  await Promise.all(load);
  expect([...statuses]).toEqual([200]);
  await stop(watching);
});

it('answers 403 unless reloads are enabled', async () => {
  const other = await startService(models, temporaryFolder());
  await ready(other);
  expect((await fetch(`${other.url}/models/news/reload`, { method: 'POST' })).status).toBe(403);
  await stop(other);
});
