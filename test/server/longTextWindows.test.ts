// Long texts that are classified over windows, and the logits of answers, over HTTP and by predict and eval.

import { beforeAll, describe, expect, it } from 'vitest';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { jsonLines, lsllama } from '../support/cli.js';
import {
  CHECKPOINTS,
  exportCheckpoint,
  goldensOf,
  ROOT,
  readJson,
  temporaryFolder,
  worstDifference,
} from '../support/fixtures.js';
import { expectSchema, post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

interface LongGolden {
  readonly checkpoint: string;
  readonly text: string;
  readonly tokens: number;
  readonly windows: number[][];
  readonly mean: number[];
  readonly max: number[];
}

const goldens = readJson(`${ROOT}/test/fixtures/longTexts/golden.json`) as LongGolden[];
const models = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  for (const name of ['ls_llama_seq', 'llama2_tokenizer_seq', 'ls_unllama_tok'])
    await exportCheckpoint(name, models);
  service = await startService(models, models);
  await ready(service);
});

/** Posts a request and checks the answer against its schema in openapi.yaml. */
async function post(path: '/classify' | '/ner', body: object) {
  const { status, body: answer } = await postTo(`${service.url}${path}`, body);
  const name = status === 200 ? { '/classify': 'ClassifyResponse', '/ner': 'NerResponse' }[path] : 'Problem';
  expectSchema(name, answer);
  return { status, ...answer };
}

const softmax = (logits: number[]) => {
  const exps = logits.map(Math.exp);
  return exps.map(e => e / exps.reduce((sum, value) => sum + value, 0));
};

describe('long_text', () => {
  it('has the windows of the tokenizers library', () => {
    for (const { checkpoint, text, tokens, windows } of goldens) {
      const encoding = Tokenizer.load(`${CHECKPOINTS}/${checkpoint}/base`).encodeWindows(text, 64);
      expect(encoding.windows.map(ids => [...ids])).toEqual(windows);
      expect(encoding.length).toBe(tokens);
    }
  });

  it.each(['mean', 'max'] as const)('%s combines the windows of the tokenizers library', async how => {
    for (const { checkpoint: model, text, tokens, ...golden } of goldens) {
      const request = { model, inputs: [text, 'short'], long_text: how, truncate: false, raw_scores: true };
      const { results, usage } = await post('/classify', request);
      expect(worstDifference(golden[how], results[0].logits)).toBeLessThan(1e-4);
      const probabilities = Object.values(results[0].probabilities) as number[];
      expect(worstDifference(softmax(golden[how]), probabilities)).toBeLessThan(1e-4);
      expect(results[0]).toMatchObject({ tokens, truncated: false });
      expect(usage.tokens).toBe(tokens + results[1].tokens);
    }
  });

  it('is the same for a text that fits the model, and cuts unless it is given', async () => {
    const [short] = goldensOf('ls_llama_seq');
    const ask = (inputs: string, options: object = {}) =>
      post('/classify', { model: 'ls_llama_seq', inputs, raw_scores: true, ...options });
    const cut = await ask(short!.text!);
    for (const long_text of ['truncate', 'mean', 'max'])
      expect(await ask(short!.text!, { long_text })).toEqual(cut);
    const { text } = goldens[0]!;
    expect((await ask(text)).results[0]).toMatchObject({ truncated: true, tokens: 64 });
    expect(await ask(text, { long_text: 'truncate' })).toEqual(await ask(text));
    expect((await ask(text, { long_text: 'truncate', truncate: false })).status).toBe(422);
    expect((await ask(text, { long_text: 'min' })).detail).toContain('truncate, mean, max');
  });

  it('reads a text that is encoded in the worker thread, and refuses a blank one', async () => {
    const ask = (inputs: string[]) =>
      post('/classify', { model: 'ls_llama_seq', inputs, long_text: 'max', raw_scores: true });
    const { text } = goldens[0]!;
    const [long] = (await ask([text.repeat(60)])).results;
    expect(long).toMatchObject({ truncated: false });
    expect(long.tokens).toBeGreaterThan(10_000);
    expect(await ask([text, ' '])).toMatchObject({ status: 422, errors: [{ path: '/inputs/1' }] });
  });

  it('predict and eval have it as --long-text', () => {
    const ours = goldens.filter(({ checkpoint }) => checkpoint === 'llama2_tokenizer_seq');
    const args = [`${models}/llama2_tokenizer_seq`, '--long-text', 'max'];
    const answers = lsllama(['predict', ...args, '--logits'], jsonLines(ours))
      .stdout.trimEnd()
      .split('\n');
    const best = ['World', 'Sports', 'Business', 'Sci/Tech'];
    const labelled = ours.map(({ text, max }, i) => {
      expect(worstDifference(max, JSON.parse(answers[i]!).logits)).toBeLessThan(1e-4);
      return { text, label: best[max.indexOf(Math.max(...max))] };
    });
    const [model, ...options] = args;
    const { stdout } = lsllama(['eval', model!, '-', ...options, '--json'], jsonLines(labelled));
    expect(JSON.parse(stdout).accuracy).toBe(1);
  });
});

describe('raw_scores', () => {
  it('gives the logits of the goldens, and none unless it is asked for', async () => {
    const goldens = goldensOf('ls_llama_seq');
    const inputs = goldens.map(({ text }) => text);
    const { results } = await post('/classify', {
      model: 'ls_llama_seq',
      inputs,
      raw_scores: true,
      top_k: 1,
    });
    for (const [i, { logits }] of goldens.entries())
      expect(worstDifference(logits as number[], results[i].logits)).toBeLessThan(1e-4);
    expect((await post('/classify', { model: 'ls_llama_seq', inputs })).results[0]).not.toHaveProperty(
      'logits',
    );
  });

  it('gives a tagger one row a word, as predict does, and null for a word without a token', async () => {
    const [golden] = goldensOf('ls_unllama_tok');
    const tokens = [golden!.words!, ['EU', '', 'rejects'], []];
    const { results } = await post('/ner', { tokens, raw_scores: true });
    for (const [word, row] of (golden!.logits as number[][]).entries())
      expect(worstDifference(row, results[0].logits[word])).toBeLessThan(1e-4);
    expect(results[1].logits.map((row: unknown) => row === null)).toEqual([false, true, false]);
    expect(results[2].logits).toEqual([]);

    const text = 'Peter Blackburn visited Germany.';
    const [raw] = (await post('/ner', { inputs: text, raw_scores: true, tags: true })).results;
    const { stdout } = lsllama(['predict', `${models}/ls_unllama_tok`, '--logits'], jsonLines([{ text }]));
    const predicted = JSON.parse(stdout);
    expect(raw.logits).toEqual(predicted.logits);
    expect((await post('/ner', { inputs: text })).results[0]).not.toHaveProperty('logits');
  });
});
