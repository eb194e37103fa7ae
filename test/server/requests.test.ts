// The steps of requests: the worker thread gives the same answers as the HTTP thread, and is replaced if it ends.

import { cpSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { readManifest } from '../../dist/model/manifest.js';
import { stampOf } from '../../dist/model/stamp.js';
import { encodeWords } from '../../dist/predictor/encode.js';
import { type LocatedModel, Requests } from '../../dist/server/requests/requests.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { exportCheckpoint, readJson, temporaryFolder } from '../support/fixtures.js';

const out = temporaryFolder();

function loaded(name: string, folder: string): LocatedModel {
  const stamp = stampOf(folder);
  return { name, folder, stamp, manifest: readManifest(folder), tokenizer: Tokenizer.load(folder) };
}

const modelOf = async (name: string) => loaded(name, await exportCheckpoint(name, out));
const classifier = await modelOf('ls_llama_seq');
const tagger = await modelOf('ls_unllama_tok');
const requests = new Requests(error => {
  throw error;
});
afterAll(() => requests.close());

const sentence = 'Peter Blackburn visited the market in Germany. 🎉 ';
const bodyOf = (text: string, encoding: BufferEncoding = 'utf8') => ({ bytes: Buffer.from(text, encoding) });
const begin = (kind: 'classify' | 'ner', body: object | string) =>
  requests.begin(kind, bodyOf(typeof body === 'string' ? body : JSON.stringify(body)));

/** White space, with which a body is large enough for the worker thread. */
const PADDING = ' '.repeat(40_000);

/** A step's result as a promise, which rejects where the step throws at once. */
const promised = async <T>(step: () => T | Promise<T>): Promise<T> => step();

/** The sequences and the answer of a request, with logits that depend on the sequences alone. */
async function answerOf(kind: 'classify' | 'ner', body: string) {
  const request = begin(kind, body);
  const parsed = await request.parse();
  const model = kind === 'ner' ? tagger : classifier;
  const sequences = await request.encode(model);
  const labels = model.manifest.labels.length;
  const rows = sequences.map(({ ids, headPositions }) =>
    Float32Array.from({ length: headPositions.length * labels }, (_, i) =>
      Math.sin(i + ids[i % ids.length]!),
    ),
  );
  const answer = await request.answer(rows);
  request.end();
  return { parsed, sequences, labels: answer.labels, json: Buffer.from(answer.content).toString() };
}

it.each([
  ['classify', 2, { inputs: [sentence, sentence.repeat(50)], top_k: 2, raw_scores: true }],
  ['classify', 1, { inputs: sentence.repeat(50), long_text: 'mean', timeout_ms: 5 }],
  ['ner', 3, { inputs: [sentence.repeat(30), '', sentence], tags: true, model: 'x', offset_unit: 'byte' }],
  ['ner', 3, { tokens: [sentence.split(' '), [], ['EU', 'rejects']], raw_scores: true }],
] as const)(
  'the worker thread answers %s with %i results as the HTTP thread does',
  async (kind, texts, body) => {
    const small = await answerOf(kind, JSON.stringify(body));
    const large = await answerOf(kind, JSON.stringify(body) + PADDING);
    expect(large).toEqual(small);
    expect(small.sequences.length).toBeGreaterThan(0);
    expect(JSON.parse(small.json).results).toHaveLength(texts);
  },
);

it.each([
  ['no UTF-8', '{"inputs":"\xff"}', 400],
  ['no JSON', '{"inputs":', 400],
  ['another schema', '{"inputs":1}', 422],
])('the worker thread refuses a body that is %s as the HTTP thread does', async (_, body, status) => {
  const refusals = ['', PADDING].map(async padding => {
    const request = requests.begin('ner', bodyOf(padding + body, 'latin1'));
    const refused = await promised(() => request.parse()).catch(error => error);
    request.end();
    return refused;
  });
  const [small, large] = await Promise.all(refusals);
  expect(small).toMatchObject({ status });
  expect(large).toMatchObject({ status, options: small.options });
});

const replace = (pattern: object, content: string) => ({ type: 'Replace', pattern, content });
const twentyfold = replace({ String: 'a' }, 'a'.repeat(20));

it.each([
  ['takes too long to search', replace({ Regex: '(a+)+b' }, 'b'), /the regular expression .* takes longer/],
  [
    'makes too long',
    { type: 'Sequence', normalizers: [twentyfold, twentyfold] },
    /expected steps that make a text at most 100 times as long/,
  ],
])('422 names the text that a tokenizer %s', async (_, normalizer, message) => {
  const folder = temporaryFolder();
  cpSync(classifier.folder, folder, { recursive: true });
  const json = readJson(`${folder}/tokenizer.json`) as object;
  writeFileSync(`${folder}/tokenizer.json`, JSON.stringify({ ...json, normalizer }));
  const request = begin('classify', { inputs: [sentence, 'a'.repeat(50)] });
  await request.parse();
  const errors = [{ path: '/inputs/1', message: expect.stringMatching(message) }];
  const model = { ...classifier, tokenizer: Tokenizer.load(folder) };
  await expect(promised(() => request.encode(model))).rejects.toMatchObject({
    status: 422,
    options: { errors },
  });
  request.end();
});

it('a request that ends gives up its step, and others go on', async () => {
  const first = begin('ner', { inputs: sentence.repeat(20_000) });
  await first.parse();
  const encoding = first.encode(tagger);
  first.end();
  await expect(encoding).rejects.toMatchObject({ name: 'RequestEnded' });
  const second = await answerOf('classify', JSON.stringify({ inputs: sentence }) + PADDING);
  expect(second.sequences).toHaveLength(1);
});

it('a small request is answered while the worker thread encodes a large one', async () => {
  const large = begin('ner', { inputs: new Array(5000).fill(sentence.repeat(10)) });
  await large.parse();
  let hasEnded = false;
  const encoding = promised(() => large.encode(tagger)).then(() => (hasEnded = true));
  await answerOf('classify', JSON.stringify({ inputs: sentence }) + PADDING);
  expect(hasEnded).toBe(false);
  await encoding;
  large.end();
});

it('a worker thread that runs out of memory refuses its requests with 503, and the next one has another', async () => {
  const errors: Error[] = [];
  const poor = new Requests(error => errors.push(error), 60);
  const beginPoor = (text: string) => poor.begin('ner', bodyOf(JSON.stringify({ inputs: text }) + PADDING));
  const greedy = beginPoor(sentence.repeat(100_000));
  await greedy.parse();
  await expect(greedy.encode(tagger)).rejects.toMatchObject({ status: 503 });
  greedy.end();
  expect(errors).toHaveLength(1);
  const modest = beginPoor(sentence);
  await modest.parse();
  expect(await modest.encode(tagger)).toHaveLength(1);
  modest.end();
  await poor.close();
});

it('a worker thread that does not notice that its request has ended is replaced', async () => {
  const errors: Error[] = [];
  const stuck = new Requests(error => errors.push(error));
  // On white space, this pattern tries every way of dividing it into five parts.
  const folder = `${out}/slow_pattern`;
  cpSync(tagger.folder, folder, { recursive: true });
  const json = readJson(`${folder}/tokenizer.json`) as { pre_tokenizer: object };
  const pattern = { Regex: '\\s*\\s*\\s*\\s*\\s*x' };
  const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
  const pre_tokenizer = { type: 'Sequence', pretokenizers: [split, json.pre_tokenizer] };
  writeFileSync(`${folder}/tokenizer.json`, JSON.stringify({ ...json, pre_tokenizer }));
  const manifest = readJson(`${folder}/model.json`) as { files: Record<string, number> };
  const files = { ...manifest.files, 'tokenizer.json': statSync(`${folder}/tokenizer.json`).size };
  writeFileSync(`${folder}/model.json`, JSON.stringify({ ...manifest, files, sha256: undefined }));
  const slow = stuck.begin('classify', bodyOf(JSON.stringify({ inputs: `a${' '.repeat(2000)}b` }) + PADDING));
  await slow.parse();
  const encoding = expect(
    slow.encode({ ...classifier, folder, stamp: stampOf(folder) }),
  ).rejects.toMatchObject({
    name: 'RequestEnded',
  });
  // By now the thread has turned to it.
  await sleep(1000);
  slow.end();
  await encoding;
  const waiting = stuck.begin('ner', bodyOf(JSON.stringify({ inputs: sentence }) + PADDING));
  await expect(waiting.parse()).rejects.toMatchObject({ status: 503 });
  waiting.end();
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringMatching('after the request had ended'),
  ]);
  const next = stuck.begin('ner', bodyOf(JSON.stringify({ inputs: sentence }) + PADDING));
  await next.parse();
  expect(await next.encode(tagger)).toHaveLength(1);
  next.end();
  await stuck.close();
});

it('a request is refused with 503 while the bodies of others fill the memory for them', async () => {
  const body = { bytes: Buffer.alloc(8_000_000, ' ') };
  const begun = Array.from({ length: 33 }, () => requests.begin('ner', body));
  expect(() => requests.begin('ner', body)).toThrow(expect.objectContaining({ status: 503 }));
  begun.pop()!.end();
  requests.begin('ner', body).end();
  for (const request of begun) request.end();
});

it('an answer is refused with 503 while the answers to others fill the memory for them', async () => {
  const narrow = new Requests(() => {}, undefined, 70_000);
  const answerTo = async (text: string) => {
    const request = narrow.begin('ner', bodyOf(JSON.stringify({ inputs: text, tags: true })));
    await request.parse();
    const sequences = await request.encode(tagger);
    const labels = tagger.manifest.labels.length;
    const rows = sequences.map(({ headPositions }) => new Float32Array(headPositions.length * labels));
    return { request, answer: await promised(() => request.answer(rows)).catch((error: Error) => error) };
  };
  const large = sentence.repeat(300);
  const first = await answerTo(large);
  expect(first.answer).toHaveProperty('content');
  const second = await answerTo(large);
  expect(second.answer).toMatchObject({ status: 503 });
  second.request.end();
  const small = await answerTo(sentence);
  expect(small.answer).toHaveProperty('content');
  small.request.end();
  first.request.end();
  const last = await answerTo(large);
  expect(last.answer).toHaveProperty('content');
  last.request.end();
});

it('drain() waits for the requests that have begun', async () => {
  const request = begin('classify', { inputs: sentence });
  let isDrained = false;
  const drained = requests.drain().then(() => (isDrained = true));
  await request.parse();
  expect(isDrained).toBe(false);
  request.end();
  await drained;
});

it('the words of a list have their positions in the text that joins them with spaces', () => {
  const tokens = ['EU', '', 'rejects', '🎉', 'calls'];
  const { spans } = encodeWords(tagger, tokens);
  const joined = tokens.join(' ');
  expect(spans.map(({ start, end }) => joined.slice(start, end))).toEqual(tokens);
});
