// The shipped models, compared with transformers and PEFT on texts of our own (fixtures/shipped/make_shipped.py).

import { describe, expect, it } from 'vitest';
import { withModel } from '../dist/commands/offline.js';
import { exportModel } from '../dist/model/export.js';
import { readRecipe } from '../dist/model/recipe.js';
import { classify } from '../dist/predictor/classify.js';
import { encodeText, encodeWords } from '../dist/predictor/encode.js';
import { UNHURRIED } from '../dist/predictor/model.js';
import { encodeTokens } from '../dist/predictor/pipeline/encodeTokens.js';
import { pipelineEntities } from '../dist/predictor/pipeline/entities.js';
import { AGGREGATION_STRATEGY } from '../dist/predictor/pipeline/strategy.js';
import { tag } from '../dist/predictor/tag.js';
import { atOnce } from '../dist/slices.js';
import { type Golden, ROOT, readJsonLines, temporaryFolder, worstDifference } from './support/fixtures.js';
import { expectEntities, optionsOf, type TaggerGolden, taggers } from './support/pipelineGoldens.js';

interface ShippedGolden extends Omit<Golden, 'words'> {
  readonly tokens?: string[];
}

const out = temporaryFolder();
const options = { cache: out, device: 'cpu' };
const exports = new Map<string, Promise<string>>();

/** Exports a shipped model at float32, the precision of the golden logits. Once, for all tests. */
function exported(name: string): Promise<string> {
  const known = exports.get(name) ?? exportTo(`${out}/${name}`, name);
  exports.set(name, known);
  return known;
}

async function exportTo(folder: string, name: string): Promise<string> {
  const recipe = readRecipe(`${ROOT}/models/${name}/recipe.json`);
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

  it('gives the entities of transformers’ pipeline, each strategy', async () => {
    const { goldens } = taggers.find(({ name }) => name === 'conll03')!;
    await withModel(await exported('conll03-unllama'), options, async model => {
      // Windows that share all tokens but a few are many, and say nothing new about the engine.
      const chosen = goldens.filter(({ max_length }) => max_length === model.manifest.maxLength);
      const encode = (golden: TaggerGolden) =>
        atOnce(encodeTokens(model, golden.text, optionsOf(golden, 'simple')));
      const encoded = chosen.map(encode);
      const rows = await model.run(
        encoded.flatMap(({ sequences }) => sequences),
        UNHURRIED,
      );
      let next = 0;
      for (const [i, golden] of chosen.entries()) {
        const own = rows.slice(next, next + encoded[i]!.sequences.length);
        next += own.length;
        for (const strategy of AGGREGATION_STRATEGY) {
          const expected = golden.results[strategy];
          if (!expected) continue;
          const found = pipelineEntities(model, golden.text, encoded[i]!, own, optionsOf(golden, strategy));
          expectEntities(found, expected, golden.text);
        }
      }
    });
  });
});
