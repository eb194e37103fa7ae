// The encoder: texts of any length get the same tokens, and its worker thread ends with it.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { readManifest } from '../../dist/model/manifest.js';
import { stampOf } from '../../dist/model/stamp.js';
import { encodeWords } from '../../dist/predictor/encode.js';
import { Encoder } from '../../dist/predictor/encoder.js';
import { encodeAll } from '../../dist/predictor/encodeTask.js';
import { type LoadedModel, UNHURRIED } from '../../dist/predictor/model.js';
import { DeadlinePassed } from '../../dist/scheduler/errors.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';

const out = temporaryFolder();

async function modelOf(name: string): Promise<LoadedModel> {
  const folder = await exportCheckpoint(name, out);
  const run = () => Promise.reject(new Error('encoding runs no forward pass'));
  return {
    name,
    id: `${name}@1`,
    folder,
    stamp: stampOf(folder),
    manifest: readManifest(folder),
    tokenizer: Tokenizer.load(folder),
    hold: () => () => {},
    unload: async () => {},
    run,
  };
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
    const model = { folder: '${classifier.folder}', stamp: ${JSON.stringify(classifier.stamp)} };
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
