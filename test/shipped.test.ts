// The shipped models, compared with transformers and PEFT on texts of our own (fixtures/shipped/make_shipped.py).

import { describe, expect, it } from 'vitest';
import { withModel } from '../dist/commands/offline.js';
import { exportModel } from '../dist/model/export.js';
import { readRecipe } from '../dist/model/recipe.js';
import { classify } from '../dist/predictor/classify.js';
import { encodeText, encodeWords } from '../dist/predictor/encode.js';
import { UNHURRIED } from '../dist/predictor/model.js';
import { tag } from '../dist/predictor/tag.js';
import { type Golden, ROOT, readJsonLines, temporaryFolder, worstDifference } from './support/fixtures.js';

interface ShippedGolden extends Omit<Golden, 'words'> {
  readonly tokens?: string[];
}

const out = temporaryFolder();
const options = { cache: out, device: 'cpu' };

/** Exports a shipped model at float32, the precision of the golden logits. */
async function exported(name: string): Promise<string> {
  const recipe = readRecipe(`${ROOT}/models/${name}/recipe.json`);
  const folder = `${out}/${name}`;
  await exportModel({ ...recipe, precision: 'float32' }, folder, { verify: false });
  return folder;
}

const goldensIn = (name: string) =>
  readJsonLines<ShippedGolden>(`${ROOT}/test/fixtures/shipped/${name}.jsonl`);

describe('agnews-llama', () => {
  it('gives the token ids and the logits of transformers and PEFT, in one batch', async () => {
    await withModel(await exported('agnews-llama'), options, async model => {
      const goldens = goldensIn('news');
      const encoded = goldens.map(({ text }) => encodeText(model, text!));
      const results = await classify(model, encoded, UNHURRIED);
      for (const [i, { input_ids, logits }] of goldens.entries()) {
        expect([...encoded[i]!.sequences[0]!.ids]).toEqual(input_ids.slice(0, model.manifest.maxLength));
        if (input_ids.length > model.manifest.maxLength) continue;
        expect(worstDifference(logits as number[], results[i]!.logits)).toBeLessThan(2e-3);
      }
    });
  });
});

describe('conll03-unllama', () => {
  it('gives the token ids and the logits of transformers and PEFT, in one batch', async () => {
    await withModel(await exported('conll03-unllama'), options, async model => {
      const goldens = goldensIn('entities').filter(
        ({ input_ids }) => input_ids.length <= model.manifest.maxLength,
      );
      const encoded = goldens.map(({ tokens }) => encodeWords(model, tokens!));
      const results = await tag(model, encoded, UNHURRIED);
      for (const [i, { input_ids, logits }] of goldens.entries()) {
        expect([...encoded[i]!.sequences[0]!.ids]).toEqual(input_ids);
        for (const [word, row] of (logits as (number[] | null)[]).entries()) {
          const found = results[i]!.logits[word]!;
          if (row === null) expect(found).toBeNull();
          else expect(worstDifference(row, found)).toBeLessThan(2e-3);
        }
      }
    });
  });
});
