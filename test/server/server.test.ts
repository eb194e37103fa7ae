// The HTTP contract, through real requests: answers and problems match openapi.yaml, and no path of the machine leaks.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { exportCheckpoint, goldensOf, ROOT, requestOf, temporaryFolder } from '../support/fixtures.js';
import { expectSchema, post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are checked against openapi.yaml before they are read
type Body = any;

const models = temporaryFolder();
const cache = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  await exportCheckpoint('ls_unllama_tok', models);
  mkdirSync(`${models}/broken`);
  writeFileSync(`${models}/broken/recipe.json`, '{"base": "missing.gguf"}');
  mkdirSync(`${models}/not-a-model`);
  service = await startService(models, cache);
  await ready(service);
});

function post(path: string, body: unknown, headers?: Record<string, string>) {
  return postTo(`${service.url}${path}`, body, headers);
}

/** A request that cannot be answered within its deadline of a millisecond. */
function postPastDeadline() {
  const inputs = Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12));
  return post('/classify', { inputs, timeout_ms: 1 });
}

async function get(path: string) {
  const response = await fetch(`${service.url}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('POST /classify', () => {
  it('the probabilities are those of the golden logits, in the order of the inputs', async () => {
    const goldens = goldensOf('ls_llama_seq');
    const { status, body } = await post('/classify', { inputs: goldens.map(golden => golden.text) });
    expect(status).toBe(200);
    expectSchema('ClassifyResponse', body);
    expect(body.model).toBe('ls_llama_seq');
    goldens.forEach(({ logits, input_ids }, i) => {
      const exps = (logits as number[]).map(Math.exp);
      const total = exps.reduce((sum, e) => sum + e, 0);
      const found = Object.values(body.results[i].probabilities) as number[];
      for (const [row, e] of exps.entries()) expect(found[row]).toBeCloseTo(e / total, 4);
      expect(body.results[i].tokens).toBe(input_ids.length);
      expect(body.results[i].score).toBe(Math.max(...found));
    });
    expect(body.usage.tokens).toBe(goldens.reduce((sum, { input_ids }) => sum + input_ids.length, 0));
  });

  it('one text may be sent as a string; top_k limits the labels; a cut text is marked as truncated', async () => {
    const long = 'market '.repeat(200);
    const { body } = await post('/classify', { inputs: long, top_k: 2, model: 'ls_llama_seq' });
    expectSchema('ClassifyResponse', body);
    expect(Object.keys(body.results[0].probabilities)).toHaveLength(2);
    expect(body.results[0]).toMatchObject({ truncated: true, tokens: 64 });
  });

  it('a long text is refused if truncate is false', async () => {
    const { status, body } = await post('/classify', {
      inputs: ['short', 'market '.repeat(200)],
      truncate: false,
    });
    expect(status).toBe(422);
    expectSchema('Problem', body);
    expect(body.errors[0].path).toBe('/inputs/1');
    expect(body.detail).toContain('64');
  });
});

describe('POST /ner', () => {
  it.each(['codepoint', 'utf16', 'byte'] as const)('entities are located in %ss', async unit => {
    const text = '🎉 Zoë Müller 日本 é visited Müenchen 👩‍👩‍👧 with Siemens.';
    const { status, body } = await post('/ner', { inputs: [text, ''], offset_unit: unit, tags: true });
    expect(status).toBe(200);
    expectSchema('NerResponse', body);
    const slice = {
      utf16: (start: number, end: number) => text.slice(start, end),
      codepoint: (start: number, end: number) => [...text].slice(start, end).join(''),
      byte: (start: number, end: number) => Buffer.from(text).subarray(start, end).toString(),
    }[unit];
    const [{ entities, words, tags }, empty] = body.results;
    expect(entities.length).toBeGreaterThan(0);
    for (const { start, end, text: found } of entities) expect(slice(start, end)).toBe(found);
    expect(words).toHaveLength(tags.length);
    expect(empty.entities).toEqual([]);
  });

  it('entities of pre-split texts are located in words', async () => {
    const { body } = await post('/ner', { tokens: [['EU', 'rejects', 'German', 'call'], []], tags: true });
    expectSchema('NerResponse', body);
    for (const { start_word, end_word, text } of body.results[0].entities) {
      expect(['EU', 'rejects', 'German', 'call'].slice(start_word, end_word).join(' ')).toBe(text);
    }
    expect(body.results[0].tags).toHaveLength(4);
    expect(body.results[1]).toEqual({ entities: [], tokens: 0, tags: [] });
  });

  it('entities that score less than the threshold are left out', async () => {
    const inputs = 'Peter Blackburn visited Germany.';
    const all = (await post('/ner', { inputs })).body.results[0].entities;
    const scores = all.map((entity: { score: number }) => entity.score).sort();
    const some = (await post('/ner', { inputs, threshold: scores.at(-1) })).body.results[0].entities;
    expect(some).toEqual(all.filter((entity: { score: number }) => entity.score >= scores.at(-1)));
  });

  it('decodings differ where the most probable tag of a word is not valid', async () => {
    const tokens = goldensOf('ls_llama_tok').map(({ words }) => words!);
    const tags = async (decoding?: string) => {
      const { body } = await post('/ner', { tokens, tags: true, ...(decoding && { decoding }) });
      return body.results.map((result: { tags: string[] }) => result.tags);
    };
    const argmax = await tags('argmax');
    const { status } = await post('/ner', { tokens, decoding: 'beam' });
    expect(status).toBe(422);
    expect(await tags()).toEqual(await tags('valid'));
    expect(argmax).not.toEqual(await tags('valid'));
  });

  it('long texts are read in windows, so every word has a tag', async () => {
    const words = Array.from({ length: 300 }, (_, i) => `word${i}`);
    const { body } = await post('/ner', { tokens: [words], tags: true });
    expect(body.results[0].tags).toHaveLength(300);
  });
});

describe('problems', () => {
  it.each([
    ['malformed JSON', '/classify', '{"inputs":', 400, /not valid JSON|no JSON/],
    ['an empty body', '/classify', '', 400, /empty body/],
    ['a body that is no object', '/classify', '[]', 422, /must be object/],
    ['a body of null', '/classify', 'null', 422, /must be object/],
    ['an empty list', '/classify', { inputs: [] }, 422, /fewer than 1/],
    ['an empty text', '/classify', { inputs: '' }, 422, /empty/],
    ['a text of only spaces', '/classify', { inputs: ['a', ' \t\n'] }, 422, /inputs\/1.*empty/],
    ['a number for a text', '/classify', { inputs: 3 }, 422, /must be string, object, or array/],
    ['an unknown field', '/classify', { inputs: 'a', topk: 1 }, 422, /topk/],
    ['an unknown model', '/classify', { inputs: 'a', model: 'nope' }, 404, /nope.*ls_llama_seq/],
    ['a broken model', '/classify', { inputs: 'a', model: 'broken' }, 503, /broken/],
    [
      'a tagger for a classifier',
      '/classify',
      { inputs: 'a', model: 'ls_unllama_tok' },
      422,
      /entity tagger/,
    ],
    ['neither inputs nor tokens', '/ner', {}, 422, /inputs, tokens/],
    ['both inputs and tokens', '/ner', { inputs: 'a', tokens: [['a']] }, 422, /inputs, tokens/],
    ['an unknown unit', '/ner', { inputs: 'a', offset_unit: 'line' }, 422, /codepoint, utf16, byte/],
    ['a timeout of 0', '/ner', { inputs: 'a', timeout_ms: 0 }, 422, /timeout_ms/],
  ])('%s', async (_, path, body, status, detail) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expectSchema('Problem', answer.body);
    expect(answer.body.detail).toMatch(detail);
    expect(JSON.stringify(answer.body)).not.toMatch(/\/(tmp|work|home|root|node_modules)\/|at .*\.js/);
    if (status === 503) expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('413 for a body of 50 MB', async () => {
    const { status, body } = await post('/classify', JSON.stringify({ inputs: 'a'.repeat(50_000_000) }));
    expect(status).toBe(413);
    expectSchema('Problem', body);
  });

  it('415 for another content type', async () => {
    expect((await post('/classify', '{"inputs":"a"}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('405 with the method that is allowed', async () => {
    const { status, headers } = await get('/classify');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('404 for an unknown path', async () => {
    expect((await get('/v1/chat/completions')).status).toBe(404);
  });

  it('504 past the deadline', async () => {
    const { status, body } = await postPastDeadline();
    expect(status).toBe(504);
    expectSchema('Problem', body);
  });
});

describe('request ids', () => {
  it('the id of the caller is kept if it is a short token, else a new one is made', async () => {
    expect(
      (await post('/classify', { inputs: 'a' }, { 'x-request-id': 'abc-123' })).headers.get('x-request-id'),
    ).toBe('abc-123');
    const made = (await post('/classify', { inputs: 'a' }, { 'x-request-id': 'no good {}' })).headers.get(
      'x-request-id',
    );
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('GET', () => {
  it('/models lists every model with its state', async () => {
    const body = JSON.parse((await get('/models')).text);
    expectSchema('ModelsResponse', body);
    const states = Object.fromEntries(body.models.map((model: Body) => [model.name, model.state]));
    expect(states).toEqual({ broken: 'failed', ls_llama_seq: 'ready', ls_unllama_tok: 'ready' });
    expectSchema('Model', JSON.parse((await get('/models/ls_unllama_tok')).text));
    expect((await get('/models/nope')).status).toBe(404);
  });

  it('/health/live and /health/ready answer 200', async () => {
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('/openapi.yaml is the document itself', async () => {
    expect((await get('/openapi.yaml')).text).toBe(readFileSync(`${ROOT}/openapi.yaml`, 'utf8'));
  });
});

describe('several models of one task', () => {
  const folder = temporaryFolder();

  it('a request that names none of them is refused with 422, which lists them', async () => {
    cpSync(`${models}/ls_llama_seq`, `${folder}/one`, { recursive: true });
    await exportModel({ ...requestOf('ls_unllama_seq_mean'), problemType: 'multi' }, `${folder}/two`);
    const other = await startService(folder, cache, '--api-key', 'secret');
    await ready(other);
    const ask = (body: object, key = 'secret') =>
      postTo(`${other.url}/classify`, body, { authorization: `Bearer ${key}` });
    const refused = await ask({ inputs: 'a' });
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toMatch(/one, two/);

    const { body: multi } = await ask({ inputs: 'a', model: 'two', threshold: 0.4 });
    expectSchema('ClassifyResponse', multi);
    const [{ probabilities, labels }] = multi.results;
    const over = Object.entries(probabilities as Record<string, number>).filter(([, p]) => p >= 0.4);
    expect(labels.map((l: Body) => l.label).sort()).toEqual(over.map(([label]) => label).sort());

    expect((await ask({ inputs: 'a', model: 'one' }, 'wrong')).status).toBe(401);
    expect((await fetch(`${other.url}/models`)).status).toBe(401);
    expect((await fetch(`${other.url}/health/live`)).status).toBe(200);
  });
});
