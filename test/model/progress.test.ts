// The progress of a model from its recipe to its first answer, as the caller of Runtime.load is told it.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Progress, Stage } from '../../dist/model/progress.js';
import { Runtime } from '../../dist/predictor/runtime.js';
import { CHECKPOINTS, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const checkpoint = join(CHECKPOINTS, 'ls_llama_seq');
const recipe = `${work}/news`;
mkdirSync(recipe);
writeFileSync(
  `${recipe}/recipe.json`,
  JSON.stringify({ base: `${checkpoint}/base`, adapter: `${checkpoint}/adapter`, precision: 'int8' }),
);

async function load(): Promise<{ reports: Progress[]; folder: string }> {
  const runtime = new Runtime({ device: 'cpu', cache: `${work}/cache` });
  const reports: Progress[] = [];
  try {
    const { folder } = await runtime.load('news', recipe, {
      onProgress: progress => reports.push(progress),
    });
    return { reports, folder };
  } finally {
    runtime.close();
  }
}

const bytesOf = (files: readonly string[]) =>
  files.reduce((sum, file) => sum + statSync(join(checkpoint, file)).size, 0);

it('names every stage in order, and each one ends with all that it counts', async () => {
  const { reports, folder } = await load();
  const stages = [...new Set(reports.map(({ stage }) => stage))];
  expect(stages).toEqual(['hashing', 'calibrating', 'writing', 'verifying', 'loading']);
  const order = reports.map(({ stage }) => stages.indexOf(stage));
  expect(order).toEqual([...order].sort());

  const ofStage = (stage: Stage) => reports.filter(report => report.stage === stage);
  for (const stage of stages) {
    const done = ofStage(stage).map(report => report.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    const { done: last, total } = ofStage(stage).at(-1)!;
    expect([stage, last]).toEqual([stage, total]);
    expect(new Set(ofStage(stage).map(report => report.total)).size).toBe(1);
  }
  const { num_hidden_layers } = JSON.parse(readFileSync(`${checkpoint}/base/config.json`, 'utf8'));
  expect(ofStage('calibrating')[0]).toMatchObject({ done: 0, total: num_hidden_layers });
  expect(ofStage('writing')[0]!.total).toBeLessThanOrEqual(statSync(`${folder}/model.onnx.data`).size);
  expect(ofStage('verifying')[0]!.done).toBe(0);
  const weights = ['base/config.json', 'base/model.safetensors'];
  const adapter = ['adapter/adapter_config.json', 'adapter/adapter_model.safetensors'];
  // A tokenizer may depend on the config of the model.
  const tokenizer = ['base/tokenizer.json', 'base/tokenizer_config.json', 'base/config.json'];
  expect(ofStage('hashing')[0]!.total).toBe(bytesOf([...weights, ...adapter, ...tokenizer]));
});

it('names no stage of the export where the cache holds it', async () => {
  const { reports } = await load();
  expect([...new Set(reports.map(({ stage }) => stage))]).toEqual(['hashing', 'loading']);
});
