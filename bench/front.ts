// How many texts a second pass through HTTP, tokenizer, scheduler and the way into the engine process, with an engine
// that answers at once. That is what keeps up with a GPU, or does not. Its single engine is the one of a GPU.
// NODE_OPTIONS is passed on to the service.
// usage: npx tsx bench/front.ts DATA.jsonl [--model FOLDER] [--sizes 1,16] [--rounds 3] [--seconds 8]   (Linux)

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { program } from 'commander';
import { Client } from '../dist/loadtest/client.js';
import { runLoadTest } from '../dist/loadtest/loadTest.js';
import { openShape } from '../dist/loadtest/shapes.js';
import { readManifest } from '../dist/model/manifest.js';
import { CLASSIFIER, exportedModel, ROOT } from './models.ts';
import { dataArgument, listOption, roundsOption, secondsOption } from './options.ts';
import { childrenOf, processorSeconds } from './processorTime.ts';
import { emitSummary, interleave, MACHINE, printTable, spread, spreadText } from './report.ts';
import { routeOf, startService } from './service.ts';
import { cycle, readTexts } from './texts.ts';

const BENCH = 'front';
/** Texts in flight, in as many requests as they make. */
const TEXTS_IN_FLIGHT = 512;
const INSTANT_RUNTIME = pathToFileURL(join(ROOT, 'bench/instantRuntime/register.mjs')).href;

program
  .addArgument(dataArgument())
  .option('--model <folder>', 'a model folder or a recipe folder', CLASSIFIER)
  .addOption(listOption('--sizes <numbers>', 'texts in each request', ['1', '16']))
  .addOption(roundsOption(3))
  .addOption(secondsOption(8))
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ model: string; sizes: string[]; rounds: number; seconds: number }>();
const sizes = options.sizes.map(Number);

const folder = await exportedModel(options.model, { precision: 'int8' });
const service = await startService(
  { model: folder },
  {
    env: {
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${INSTANT_RUNTIME}`,
      LSLLAMA_DEVICE: 'cuda',
    },
  },
);
const shape = await openShape('ours', {
  url: new URL(routeOf(readManifest(folder)), service.url),
  headers: {},
});
const client = new Client(shape, {});
const next = cycle(readTexts(data));

/** Microseconds of processor time for each text, by process. */
interface Costs {
  readonly http: number;
  readonly engine: number;
  readonly generator: number;
}

const results = await interleave(
  BENCH,
  options.rounds,
  sizes.map(size => ({ step: `${size}`, measure: () => measured(size) })),
);
await client.close();
await service.stop();

const rows = sizes.map(size => {
  const of = results.get(`${size}`)!;
  const summary = {
    texts_in_a_request: size,
    texts_per_second: spread(of.map(({ texts_per_second }) => texts_per_second)),
    p50: spread(of.map(({ p50 }) => p50)),
    http: spread(of.map(({ costs }) => costs.http)),
    engine: spread(of.map(({ costs }) => costs.engine)),
    generator: spread(of.map(({ costs }) => costs.generator)),
  };
  emitSummary(BENCH, summary);
  return summary;
});
process.stderr.write(`${MACHINE}; processor time in µs for each text\n`);
printTable([
  ['texts in a request', 'texts/s', 'p50 ms', 'HTTP process', 'engine process', 'load generator'],
  ...rows.map(row => [
    `${row.texts_in_a_request}`,
    spreadText(row.texts_per_second, 0),
    spreadText(row.p50),
    spreadText(row.http, 0),
    spreadText(row.engine, 0),
    spreadText(row.generator, 0),
  ]),
]);

async function measured(size: number) {
  const send = () => client.send(Array.from({ length: size }, next));
  const concurrency = Math.max(1, Math.round(TEXTS_IN_FLIGHT / size));
  await runLoadTest(send, { seconds: 0.1, warmup: 2, concurrency });
  const before = times();
  const report = await runLoadTest(send, { seconds: options.seconds, warmup: 0, concurrency });
  const after = times();
  const texts = report.texts_per_second * report.seconds;
  const cost = (process: keyof Costs) => ((after[process] - before[process]) / texts) * 1e6;
  return {
    texts_per_second: report.texts_per_second,
    p50: report.latency.p50,
    errors: report.errors,
    costs: { http: cost('http'), engine: cost('engine'), generator: cost('generator') },
  };
}

/** Seconds of processor time so far. */
function times(): Costs {
  const engines = childrenOf(service.pid).map(processorSeconds);
  return {
    http: processorSeconds(service.pid),
    engine: engines.reduce((sum, seconds) => sum + seconds, 0),
    generator: processorSeconds(process.pid),
  };
}
