// The encoder: texts of any length get the same tokens, and its worker thread ends with it.

import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { readManifest } from '../../dist/model/manifest.js';
import { encodeWords } from '../../dist/predictor/encode.js';
import { Encoder } from '../../dist/predictor/encoder.js';
import { encodeAll } from '../../dist/predictor/encodeTask.js';
import { type LoadedModel, UNHURRIED } from '../../dist/predictor/model.js';
import { DeadlinePassed } from '../../dist/scheduler/errors.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { exportCheckpoint, ROOT, readJson, temporaryFolder } from '../support/fixtures.js';

const out = temporaryFolder();

async function modelOf(name: string): Promise<LoadedModel> {
  const folder = await exportCheckpoint(name, out);
  const run = () => Promise.reject(new Error('encoding runs no forward pass'));
  const manifest = readManifest(folder);
  return { name, folder, isNew: false, isUp: () => true, manifest, tokenizer: Tokenizer.load(folder), run };
}

const classifier = await modelOf('ls_llama_seq');
const tagger = await modelOf('ls_unllama_tok');
const encoder = new Encoder();
afterAll(() => encoder.close());

const sentence = 'Peter Blackburn visited the market in Germany. 🎉 ';
/** Long enough for the worker thread. */
const long = sentence.repeat(1000);

it('gives long texts in the worker thread the tokens that they have in this one', async () => {
  const texts = { kind: 'texts', texts: [sentence, long], truncate: true } as const;
  expect(await encoder.encode(classifier, texts, UNHURRIED)).toEqual(encodeAll(classifier, texts));
  const words = { kind: 'words', texts: [long, ['EU', 'rejects'], sentence.split(' ')] } as const;
  expect(await encoder.encode(tagger, words, UNHURRIED)).toEqual(encodeAll(tagger, words));
});

it('names the first text that the model cannot use', async () => {
  const task = { kind: 'texts', texts: [long, ' '], truncate: true } as const;
  const unusable = { unusable: 'the text is empty', index: 1 };
  expect(await encoder.encode(classifier, task, UNHURRIED)).toEqual(unusable);
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
])('names the text that a tokenizer %s', (_, normalizer, message) => {
  const folder = temporaryFolder();
  cpSync(classifier.folder, folder, { recursive: true });
  const json = readJson(`${folder}/tokenizer.json`) as object;
  writeFileSync(`${folder}/tokenizer.json`, JSON.stringify({ ...json, normalizer }));
  const model = { ...classifier, tokenizer: Tokenizer.load(folder) };
  const texts = [sentence, 'a'.repeat(50)];
  const unusable = { unusable: expect.stringMatching(message), index: 1 };
  expect(encodeAll(model, { kind: 'texts', texts })).toEqual(unusable);
  expect(encodeAll(model, { kind: 'words', texts })).toEqual(unusable);
});

it('drops a task whose caller gave up before its turn', async () => {
  const task = { kind: 'texts', texts: [long], truncate: true } as const;
  const first = encoder.encode(classifier, task, UNHURRIED);
  const past = encoder.encode(classifier, task, { deadline: performance.now() });
  const aborted = encoder.encode(classifier, task, { ...UNHURRIED, signal: AbortSignal.abort() });
  await expect(past).rejects.toBeInstanceOf(DeadlinePassed);
  await expect(aborted).rejects.toBeInstanceOf(DeadlinePassed);
  expect(await first).toHaveLength(1);
});

it('gives the words of a list their positions in the text that joins them with spaces', () => {
  const tokens = ['EU', '', 'rejects', '🎉', 'calls'];
  const { spans } = encodeWords(tagger, tokens);
  const joined = tokens.join(' ');
  expect(spans.map(({ start, end }) => joined.slice(start, end))).toEqual(tokens);
});

it('ends its worker thread with close(), so that the process can end', () => {
  writeFileSync(
    `${out}/encode.mjs`,
    `
    import { Encoder } from '${ROOT}/dist/predictor/encoder.js';
    const encoder = new Encoder();
    const task = { kind: 'texts', texts: ['market '.repeat(10_000)], truncate: true };
    const model = { folder: '${classifier.folder}' };
    const [text] = await encoder.encode(model, task, { deadline: Infinity });
    await encoder.close();
    console.log(text.sequences[0].ids.length);
  `,
  );
  const { status, stdout } = spawnSync(process.execPath, [`${out}/encode.mjs`], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect([status, stdout]).toEqual([0, '64\n']);
});
