// Gemma 3 as it is published from 4B up, a multimodal model: its text part is exported. The matrix has the logits of the
// other multimodal models.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { openBase } from '../../dist/checkpoint/base.js';
import { parseDecoderConfig } from '../../dist/checkpoint/families.js';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import { textConfigOf } from '../../dist/checkpoint/textConfig.js';
import { withModel } from '../../dist/commands/offline.js';
import { exportModel } from '../../dist/model/export.js';
import { lsllama } from '../support/cli.js';
import { ROOT, readJson, temporaryFolder, worstDifference } from '../support/fixtures.js';
import { predictGolden } from '../support/golden.js';
import { renameTensorsIn } from '../support/safetensors.js';
import { ready, startService } from '../support/service.js';

const CASE = join(ROOT, 'test/fixtures/cases/gemma3_wrapper');
const work = temporaryFolder();
const NOTE = 'adapter adapter: 2 changes to vision_tower left aside: only the text part is exported';

it('has the logits of transformers and PEFT, and says what it leaves aside', async () => {
  const notes: string[] = [];
  const request = {
    base: join(CASE, 'base'),
    adapters: [join(CASE, 'adapter')],
    labels: ['a', 'b', 'c'],
    precision: 'float32',
  };
  const out = join(work, 'model');
  const manifest = await exportModel(request, out, { onNote: note => notes.push(note) });
  expect(notes).toEqual([NOTE]);
  expect(manifest).toMatchObject({ task: 'sequence', attention: 'causal', padTokenId: 3, maxLength: 512 });
  const expected = readJson(join(CASE, 'expected.json')) as { text: string; logits: number[] }[];
  await withModel(out, { cache: work, device: 'cpu' }, async model => {
    for (const { text, logits } of expected) {
      const found = await predictGolden(model, { input_ids: [], text, logits });
      expect(worstDifference(logits, found.logits)).toBeLessThan(1e-5);
    }
  });
});

it('inspect says what an export leaves aside', () => {
  const inspect = (path: string) => lsllama(['inspect', path]).stdout;
  expect(inspect(join(CASE, 'adapter'))).toMatch(/changes +rank 4, scale 2: 3 × q_proj, 3 × v_proj\n/);
  expect(inspect(join(CASE, 'adapter'))).toMatch(
    /note +2 changes to vision_tower left aside: only the text part is exported\n/,
  );
  expect(inspect(join(CASE, 'base'))).toMatch(/family +gemma3_text, /);
  const recipe = { base: join(CASE, 'base'), adapter: join(CASE, 'adapter'), labels: ['a', 'b', 'c'] };
  writeFileSync(join(work, 'recipe.json'), JSON.stringify(recipe));
  expect(inspect(work)).toContain(NOTE);
});

it('predict says so when it exports the recipe, and serve whenever it loads the model', async () => {
  const [models, cache] = [join(work, 'models'), join(work, 'cache')];
  const recipe = { base: join(CASE, 'base'), adapter: join(CASE, 'adapter'), labels: ['a', 'b', 'c'] };
  mkdirSync(join(models, 'news'), { recursive: true });
  writeFileSync(join(models, 'news/recipe.json'), JSON.stringify({ ...recipe, precision: 'float32' }));
  const predict = () => lsllama(['predict', join(models, 'news'), '--cache', cache], '{"text": "news"}');
  const [first, second] = [predict(), predict()];
  expect(first.stdout).toMatch(/"label":/);
  expect(first.stderr).toContain(NOTE);
  expect(second.stdout).toBe(first.stdout);
  expect(second.stderr).not.toContain(NOTE);
  const service = await startService(models, cache);
  await ready(service);
  expect(service.log.join('\n')).toContain(NOTE);
});

// huggingface/transformers issue 36755: the text part of Gemma 3 in a folder of its own, with an adapter of the whole.
it('leaves the vision tower aside where the base is the text part alone', () => {
  const folder = join(work, 'text');
  cpSync(join(CASE, 'base'), folder, { recursive: true });
  const { text_config } = readJson(join(folder, 'config.json')) as Record<string, object>;
  writeFileSync(join(folder, 'config.json'), JSON.stringify(text_config));
  renameTensorsIn(join(folder, 'model.safetensors'), name => name.replace('language_model.', ''));
  const base = openBase(folder);
  const adapter = openAdapter(join(CASE, 'adapter'));
  const { notes } = mergeAdapters(base, [adapter]);
  base.weights.close();
  adapter.source.close();
  expect(notes).toEqual([NOTE]);
});

it('refuses a change to a part that neither the text part nor the multimodal model has', () => {
  const folder = join(work, 'audio');
  cpSync(join(CASE, 'adapter'), folder, { recursive: true });
  renameTensorsIn(join(folder, 'adapter_model.safetensors'), name =>
    name.replace('vision_tower.encoder', 'pooler.encoder'),
  );
  const base = openBase(join(CASE, 'base'));
  const adapter = openAdapter(folder);
  expect(() => mergeAdapters(base, [adapter])).toThrow(
    /changes model\.pooler\.encoder\.layers\.0\.self_attn\.q_proj, which .* a gemma3_text model, does not have/,
  );
  base.weights.close();
  adapter.source.close();
});

const parse = (config: object) => {
  const text = textConfigOf({ config: config as never, file: 'config.json' });
  return parseDecoderConfig(text.config, text.file);
};

// The published config of Gemma 3 4B leaves the sizes to the defaults of the configuration class.
it('reads a text_config that leaves sizes to the defaults of its family', () => {
  const text_config = {
    model_type: 'gemma3_text',
    hidden_size: 2560,
    intermediate_size: 10240,
    num_hidden_layers: 34,
    rope_scaling: { factor: 8, rope_type: 'linear' },
    sliding_window: 1024,
  };
  expect(parse({ model_type: 'gemma3', text_config, vision_config: {} })).toMatchObject({
    heads: 8,
    kvHeads: 4,
    headDim: 256,
    vocabSize: 262208,
    maxPositions: 131072,
    layers: 34,
  });
});

it('reads the text_config of LLaVA 1.5, which has almost no field', () => {
  const text_config = {
    model_type: 'llama',
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    vocab_size: 32064,
  };
  expect(parse({ model_type: 'llava', text_config })).toMatchObject({
    hiddenSize: 4096,
    intermediateSize: 11008,
    layers: 32,
    heads: 32,
    kvHeads: 32,
    vocabSize: 32064,
  });
});

it.each([
  ['mllama', { model_type: 'mllama_text_model' }, /text_config: model_type: .*found mllama_text_model/],
  ['llama4', { model_type: 'llama4_text' }, /text_config: model_type: .*found llama4_text/],
  ['gemma3n', { model_type: 'gemma3n_text' }, /text_config: model_type: .*found gemma3n_text/],
  [
    'paligemma',
    { model_type: 'gemma' },
    /model_type: paligemma is not supported: every token of its prompts sees/,
  ],
  [
    'gemma3',
    { model_type: 'gemma3_text', use_bidirectional_attention: true },
    /text_config: use_bidirectional_att/,
  ],
])('refuses the text part of %s by its reason', (model_type, text_config, message) => {
  expect(() => parse({ model_type, text_config })).toThrow(message);
});

it('refuses a quantization_config beside text_config', () => {
  const config = {
    model_type: 'llava',
    text_config: { model_type: 'llama' },
    quantization_config: { bits: 4 },
  };
  expect(() => parse(config)).toThrow(/quantization_config: quant_method: expected bitsandbytes in 4 bits/);
});

it('takes labels from the config of the whole model', () => {
  const config = JSON.parse(readFileSync(join(CASE, 'base/config.json'), 'utf8'));
  const folder = join(work, 'labelled');
  cpSync(join(CASE, 'base'), folder, { recursive: true });
  config.id2label = { 0: 'no', 1: 'yes' };
  config.pad_token_id = 7;
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const base = openBase(folder);
  base.weights.close();
  expect(base.head.labels()).toEqual(['no', 'yes']);
  expect(base.head.padTokenId).toBe(3);
});
