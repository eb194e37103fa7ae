// The engine against what bounds it: a graph of the model's linear layers alone, on as many rows as a batch has
// tokens. Both have sessions of the same options.
// usage: npx tsx bench/roofline.ts DATA.jsonl [--model FOLDER] [--precision NAME] [--rounds 5] [--seconds 5]

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { program } from 'commander';
import type { Sequence } from '../dist/engine/batch.js';
import { batchRunner, fullBatches, openEngine, sequencesOf, tokenRate, tokensOf } from './engine.ts';
import { linearLayers, openLinearGraph } from './linearGraph.ts';
import { CLASSIFIER, exportedModel, withTemporaryFolder } from './models.ts';
import { emit, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { readTexts } from './texts.ts';

const BENCH = 'roofline';

program
  .argument('<data>', 'JSON lines with "text" or "tokens"')
  .option('--model <folder>', 'a model or recipe folder', CLASSIFIER)
  .option('--precision <name>', 'instead of the recipe’s')
  .option('--rounds <n>', 'how often each is measured', Number, 5)
  .option('--seconds <n>', 'how long', Number, 5)
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ model: string; precision?: string; rounds: number; seconds: number }>();

const folder = await exportedModel(options.model, { precision: options.precision });
const engine = await openEngine([folder]);
const [model] = engine.models as [(typeof engine.models)[number]];
const batches = fullBatches(readTexts(data).flatMap(text => sequencesOf(model, text)));
const layers = linearLayers(folder);
const rows = {
  tokens: Math.round(mean(batches.map(tokensOf))),
  reads: Math.round(mean(batches.map(readsOf))),
};

const results = await withTemporaryFolder(async work => {
  const linear = await openLinearGraph(work, layers, rows, availableParallelism());
  const found = await interleave(BENCH, options.rounds, [
    { step: 'engine', measure: () => tokenRate(batchRunner(model, batches), options.seconds) },
    {
      step: 'linear layers',
      measure: () => tokenRate(() => linear.run().then(() => rows.tokens), options.seconds, 1),
    },
  ]);
  await linear.release();
  return found;
});
engine.close();

const [ours, bound] = ['engine', 'linear layers'].map(step =>
  results.get(step)!.map(({ tokens_per_second }) => tokens_per_second),
);
const summary = {
  summary: true,
  machine: MACHINE,
  model: basename(options.model),
  precision: model.manifest.precision,
  data: basename(data),
  rows,
  layers: layers.length,
  integer_layers: layers.filter(({ isInteger }) => isInteger).length,
  engine: spread(ours!),
  linear: spread(bound!),
  engine_to_linear: ratios(ours!, bound!),
};
emit(BENCH, summary);
process.stderr.write(
  `${MACHINE}; ${summary.model}, ${summary.precision}: ${summary.layers} linear layers, ${summary.integer_layers} of integers; ${rows.tokens} rows\n`,
);
printTable([
  ['tokens/s', 'median (range)'],
  ['engine', spreadText(summary.engine, 0)],
  ['linear layers alone', spreadText(summary.linear, 0)],
  ['engine / linear layers', spreadText(summary.engine_to_linear, 2)],
]);

function readsOf(batch: readonly Sequence[]): number {
  return batch.reduce((sum, { headPositions }) => sum + headPositions.length, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
