// Texts a second in the engine alone and over HTTP, in one run.
// usage: npm run bench -- DATA.jsonl [--model FOLDER] [--precision NAME] [--rounds 5] [--seconds 10]

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { program } from 'commander';
import { runLoad } from '../dist/load/load.js';
import { engineSender, meanTokens, openEngine } from './engine.ts';
import { CLASSIFIER, exportedModel } from './models.ts';
import { emit, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { httpSender, routeOf, startService } from './service.ts';
import { readTexts } from './texts.ts';

const BENCH = 'throughput';
const IN_FLIGHT = 64;

program
  .argument('<data>', 'JSON lines with "text" or "tokens"')
  .option('--model <folder>', 'a model or recipe folder', CLASSIFIER)
  .option('--precision <name>', 'instead of the recipe’s')
  .option('--rounds <n>', 'how often each is measured', Number, 5)
  .option('--seconds <n>', 'how long', Number, 10)
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ model: string; precision?: string; rounds: number; seconds: number }>();
const load = { seconds: options.seconds, warmup: 2, concurrency: IN_FLIGHT };
const texts = readTexts(data);

const folder = await exportedModel(options.model, { precision: options.precision });
const engine = await openEngine([folder]);
const [model] = engine.models as [(typeof engine.models)[number]];
const service = await startService({ model: folder });

const results = await interleave(BENCH, options.rounds, [
  { step: 'engine', measure: () => measured(engineSender(model, texts)) },
  {
    step: 'http',
    measure: () => measured(httpSender(`${service.url}${routeOf(model.manifest)}`, texts)),
  },
]);
engine.close();
await service.stop();

const [alone, http] = ['engine', 'http'].map(step => results.get(step)!.map(r => r.requests_per_second));
const summary = {
  summary: true,
  machine: MACHINE,
  model: basename(options.model),
  precision: model.manifest.precision,
  data: basename(data),
  tokens_per_text: meanTokens(model, texts),
  in_flight: IN_FLIGHT,
  engine: spread(alone!),
  http: spread(http!),
  http_to_engine: ratios(http!, alone!),
  generator: spread(results.get('http')!.map(({ generator }) => generator)),
};
emit(BENCH, summary);
process.stderr.write(
  `${MACHINE}; ${summary.model}, ${summary.precision}; ${summary.tokens_per_text.toFixed(1)} tokens a text\n`,
);
printTable([
  ['', 'median (range)'],
  ['engine alone, texts/s', spreadText(summary.engine)],
  ['over HTTP, texts/s', spreadText(summary.http)],
  ['HTTP / engine', spreadText(summary.http_to_engine, 2)],
  ['load generator’s share of the cores', spreadText(summary.generator, 3)],
]);

async function measured(send: Parameters<typeof runLoad>[0]) {
  const before = process.cpuUsage();
  const report = await runLoad(send, load);
  const { user, system } = process.cpuUsage(before);
  const seconds = (load.seconds + load.warmup) * availableParallelism();
  return { ...report, generator: (user + system) / 1e6 / seconds };
}
