// Long texts are encoded in a worker thread: answers are the same, and other requests are answered meanwhile.

import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

const models = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  await exportCheckpoint('ls_unllama_tok', models);
  service = await startService(models, models);
  await ready(service);
});

function post(path: string, body: object) {
  return postTo(`${service.url}${path}`, body);
}

const sentence = 'Peter Blackburn visited the market in Germany. 🎉 ';

it('a text is classified the same alone and beside a long one', async () => {
  const alone = await post('/classify', { inputs: sentence });
  const beside = await post('/classify', { inputs: [sentence, sentence.repeat(1000)] });
  expect(beside.body.results[0]).toEqual(alone.body.results[0]);
  expect(beside.body.results[1]).toMatchObject({ truncated: true, tokens: 64 });
});

it('a text is tagged the same alone and beside a long one', async () => {
  const tags = { tags: true };
  const alone = await post('/ner', { inputs: sentence, ...tags });
  const beside = await post('/ner', { inputs: [sentence, sentence.repeat(500)], ...tags });
  expect(beside.body.results[0]).toEqual(alone.body.results[0]);
  expect(beside.body.results[1].tags).toHaveLength(500 * alone.body.results[0].tags.length);
  const words = ['EU', 'rejects', 'German', 'call'];
  const split = await post('/ner', { tokens: [words, Array(6000).fill('word')], ...tags });
  expect(split.body.results[0]).toEqual((await post('/ner', { tokens: [words], ...tags })).body.results[0]);
});

it('the error names the text that the model cannot use', async () => {
  const { status, body } = await post('/classify', { inputs: [sentence.repeat(1000), ' '] });
  expect([status, body.errors[0].path]).toEqual([422, '/inputs/1']);
});

it('other requests are answered while 2 MB are encoded', async () => {
  let encoding = true;
  const long = post('/classify', { inputs: sentence.repeat(40_000) }).finally(() => {
    encoding = false;
  });
  let answers = 0;
  while (encoding) {
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    answers++;
  }
  expect((await long).status).toBe(200);
  expect(answers).toBeGreaterThanOrEqual(5);
});
