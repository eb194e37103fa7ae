// Every committed checkpoint is exported and run: its token ids and logits are those of transformers and PEFT.

import { describe, expect, it } from 'vitest';
import { withModel } from '../dist/commands/offline.js';
import { classify } from '../dist/predictor/classify.js';
import { encodeText, encodeWords } from '../dist/predictor/encode.js';
import { UNHURRIED } from '../dist/predictor/model.js';
import { tag } from '../dist/predictor/tag.js';
import {
  checkpointNames,
  exportCheckpoint,
  goldensOf,
  temporaryFolder,
  worstDifference,
} from './support/fixtures.js';
import { predictGolden } from './support/golden.js';

const out = temporaryFolder();
const options = { cache: out, device: 'cpu' };

describe.each(checkpointNames())('%s', name => {
  it('gives the token ids and the logits of its golden.json', async () => {
    await withModel(await exportCheckpoint(name, out), options, async model => {
      for (const golden of goldensOf(name)) {
        const { ids, logits } = await predictGolden(model, golden);
        expect([...ids]).toEqual(golden.input_ids);
        expect(worstDifference(golden.logits.flat(), logits)).toBeLessThan(1e-4);
      }
    });
  });
});

/** Texts of mixed lengths, from one token to the model's limit. */
function mixedTexts(count: number): string[] {
  const words = 'the market fell 3.5% on Tuesday as Siemens and U.N. officials met in Munich — 日本 🎉'.split(
    ' ',
  );
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 1 + ((i * 37) % 29) }, (_, j) => words[(i * 7 + j * 3) % words.length]).join(' '),
  );
}

describe('batch independence', () => {
  const cases = ['ls_llama_seq', 'ls_unllama_seq_mean', 'ls_unllama_seq_max', 'ls_unllama_tok'];
  it.each(cases)(
    '%s: the logits of a text alone and among 63 others are the same bit for bit',
    async name => {
      await withModel(await exportCheckpoint(name, `${out}/independence`), options, async model => {
        const texts = mixedTexts(64);
        const run = async (batch: string[]) =>
          model.manifest.task === 'token'
            ? (
                await tag(
                  model,
                  batch.map(text => encodeWords(model, text.split(' '))),
                  UNHURRIED,
                )
              ).map(({ logits }) => logits.flatMap(row => [...row!]))
            : (
                await classify(
                  model,
                  batch.map(text => encodeText(model, text)),
                  UNHURRIED,
                )
              ).map(({ logits }) => [...logits]);
        const together = await run(texts);
        for (const [i, text] of texts.entries()) expect((await run([text]))[0]).toEqual(together[i]);
      });
    },
  );
});
