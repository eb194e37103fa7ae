// The engine beside an upper bound of its throughput: a graph of the model's linear layers alone, on as many rows as
// the engine's batches have tokens. It runs on all cores together, and on each core apart: the faster way counts.
// usage: npx tsx bench/roofline.ts DATA.jsonl [--model FOLDER] [--precision NAME] [--rounds 5] [--seconds 5]

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { sequencesOf } from '../dist/predictor/encode.js';
import { groupRunner, openEngine, tokenRate } from './engine.ts';
import { type LinearLayer, linearLayers, type Rows } from './linearGraph.ts';
import type { LinearRequest } from './linearProcess.ts';
import { exportedModel } from './models.ts';
import { parseModelBenchmark } from './options.ts';
import { emitSummary, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { readTexts } from './texts.ts';

const BENCH = 'roofline';

const options = parseModelBenchmark({ rounds: 5, seconds: 5 });

const folder = await exportedModel(options.model, { precision: options.precision });
const engine = await openEngine([folder]);
const [model] = engine.models as [(typeof engine.models)[number]];
const sequences = readTexts(options.data).flatMap(text => sequencesOf(model, text));
const runEngine = groupRunner(model, sequences);
const cores = availableParallelism();
const layers = linearLayers(folder);
const rows = await rowsOfBatches();
const together = await startLinear(layers, rows, 1, cores);
const apart = await startLinear(layers, rows, cores, 1);

const results = await interleave(BENCH, options.rounds, [
  { step: 'engine', measure: () => tokenRate(runEngine, options.seconds) },
  { step: 'linear layers, all cores on each', measure: together.measure },
  { step: 'linear layers, a core on each', measure: apart.measure },
]);
engine.close();
together.stop();
apart.stop();

const [ours, ...bounds] = [...results.values()].map(reports =>
  reports.map(({ tokens_per_second }) => tokens_per_second),
);
const bound = bounds[0]!.map((rate, round) => Math.max(rate, bounds[1]![round]!));
const summary = {
  model: basename(options.model),
  precision: model.manifest.precision,
  data: basename(options.data),
  rows,
  layers: layers.length,
  integer_layers: layers.filter(({ isInteger }) => isInteger).length,
  engine: spread(ours!),
  linear: spread(bound),
  engine_to_linear: ratios(ours!, bound),
};
emitSummary(BENCH, summary);
process.stderr.write(
  `${MACHINE}; ${summary.model}, ${summary.precision}: ${summary.layers} linear layers, ${summary.integer_layers} of integers; ${rows.tokens} rows\n`,
);
printTable([
  ['tokens/s', 'median (range)'],
  ['engine', spreadText(summary.engine, 0)],
  ['linear layers alone', spreadText(summary.linear, 0)],
  ['engine / linear layers', spreadText(summary.engine_to_linear, 2)],
]);

/** The mean tokens of the engine's batches, and the mean rows of them that the label head reads. */
async function rowsOfBatches(): Promise<Rows> {
  const batches: { tokens: number; sequences: number }[] = [];
  const count = (batch: (typeof batches)[number]) => batches.push(batch);
  engine.scheduler.on('batch', count);
  await runEngine();
  engine.scheduler.off('batch', count);
  const mean = (size: (batch: (typeof batches)[number]) => number) =>
    Math.round(batches.reduce((sum, batch) => sum + size(batch), 0) / batches.length);
  const readsEach =
    sequences.reduce((sum, { headPositions }) => sum + headPositions.length, 0) / sequences.length;
  return {
    tokens: mean(({ tokens }) => tokens),
    reads: Math.ceil(mean(batch => batch.sequences) * readsEach),
  };
}

/** Loads the graph in `processes` processes of its own, each on `threads` threads. */
async function startLinear(layers: readonly LinearLayer[], rows: Rows, processes: number, threads: number) {
  const children = Array.from({ length: processes }, () =>
    fork(join(import.meta.dirname, 'linearProcess.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  const ask = (request: LinearRequest) =>
    Promise.all(
      children.map(async child => {
        child.send(request);
        return ((await once(child, 'message')) as [number])[0];
      }),
    );
  await ask({ layers, rows, threads });
  return {
    measure: async () => {
      const rates = await ask({ seconds: options.seconds });
      return { tokens_per_second: rates.reduce((sum, rate) => sum + rate, 0) };
    },
    stop() {
      for (const child of children) child.disconnect();
    },
  };
}
