// Texts that a tokenizer has no token for: refused by name over HTTP, by predict and by eval, alone or beside others.

import { cpSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { jsonLines, lsllama } from '../support/cli.js';
import { ROOT, readJson, temporaryFolder, worstDifference } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { ready, startService } from '../support/service.js';

const FIXTURE = `${ROOT}/test/fixtures/cases/zero_token_text`;
const NO_TOKEN = /no token/;

const models = temporaryFolder();
const work = temporaryFolder();
let url: string;

interface TokenizerJson {
  post_processor: object | null;
  model: { vocab: Record<string, number> };
}

/** Exports the checkpoint under a name, with a changed tokenizer. */
async function exportWith(name: string, change: (json: TokenizerJson) => void): Promise<void> {
  const base = `${work}/${name}`;
  cpSync(`${FIXTURE}/base`, base, { recursive: true });
  const json = readJson(`${base}/tokenizer.json`) as TokenizerJson;
  change(json);
  writeFileSync(`${base}/tokenizer.json`, JSON.stringify(json));
  const request = { base, adapters: [`${FIXTURE}/adapter`], labels: ['a', 'b', 'c'] };
  await exportModel({ ...request, precision: 'float32' }, `${models}/${name}`);
}

beforeAll(async () => {
  await exportWith('letters', () => {});
  await exportWith('with_bos', json => {
    json.post_processor = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
    };
  });
  await exportWith('no_letters', json => {
    json.model.vocab = { '<s>': 0, '</s>': 1, 東: 2, 京: 3 };
  });
  const service = await startService(models, models);
  url = service.url;
  await ready(service);
});

function classify(model: string, inputs: string | string[]) {
  return post(`${url}/classify`, { model, inputs });
}

it('POST /classify refuses the text alone and beside others', async () => {
  const alone = await classify('letters', '東京');
  expect([alone.status, alone.body.errors]).toEqual([
    422,
    [{ path: '/inputs', message: expect.stringMatching(NO_TOKEN) }],
  ]);
  const beside = await classify('letters', ['ok', '東京']);
  expect([beside.status, beside.body.errors[0].path]).toEqual([422, '/inputs/1']);
});

it('predict answers the other lines, and eval names the line', () => {
  const lines = [{ text: 'ok' }, { text: '東京' }, { tokens: ['東', '京'] }, { text: 'ok 東京' }];
  const { stdout, status } = lsllama(['predict', `${models}/letters`], jsonLines(lines));
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(status).toBe(1);
  expect(answers).toEqual([
    expect.objectContaining({ label: expect.any(String) }),
    { error: expect.stringMatching(NO_TOKEN) },
    // The two words are joined by a space, which has a token.
    expect.objectContaining({ label: expect.any(String) }),
    expect.objectContaining({ label: expect.any(String) }),
  ]);
  const labelled = lines.slice(0, 2).map(line => ({ ...line, label: 'a' }));
  const evaluated = lsllama(['eval', `${models}/letters`, '-'], jsonLines(labelled));
  expect([evaluated.status, evaluated.stdout]).toEqual([1, '']);
  expect(evaluated.stderr).toMatch(/line 2: the text has no token/);
});

it.each([
  ['deepset-ai/FARM issue 243', '©', NO_TOKEN],
  ['ebanalyse/NERDA pull request 15', 'ۖ', NO_TOKEN],
  ['fnl/syntok pull request 18', '\u200b\u200c', NO_TOKEN],
  ['huggingface/transformers issue 3091', ' ', /empty/],
  ['IBM/MAX-Toxic-Comment-Classifier issue 7', '', /empty/],
])('%s: %j is refused', async (_, text, message) => {
  const { status, body } = await classify('letters', ['ok', text]);
  expect([status, body.errors[0]]).toEqual([
    422,
    { path: '/inputs/1', message: expect.stringMatching(message) },
  ]);
});

it('a text of which only the special token is left is classified as transformers does', async () => {
  const goldens = readJson(`${FIXTURE}/golden.json`) as { text: string; logits: number[] }[];
  const { stdout } = lsllama(['predict', `${models}/with_bos`, '--logits'], jsonLines(goldens));
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  for (const [i, { logits }] of goldens.entries())
    expect(worstDifference(logits, answers[i].logits)).toBeLessThan(1e-4);
});

it('a model whose tokenizer knows no Latin letter is loaded and answers', async () => {
  expect((await classify('no_letters', '東京')).status).toBe(200);
  expect((await classify('no_letters', 'warm')).status).toBe(422);
});
