// Throughput and latency of the engine alone and over HTTP, in one run: saturated, and with one text in flight.
// usage: npm run bench -- DATA.jsonl [--model FOLDER] [--precision NAME] [--rounds 5] [--seconds 10]

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { Send } from '../dist/loadtest/answer.js';
import { runLoadTest } from '../dist/loadtest/loadTest.js';
import { engineSender, meanTokens, openEngine } from './engine.ts';
import { exportedModel } from './models.ts';
import { parseModelBenchmark } from './options.ts';
import { emitSummary, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { httpSender, routeOf, startService } from './service.ts';
import { readTexts } from './texts.ts';

const BENCH = 'throughput';
const IN_FLIGHT = 64;

const options = parseModelBenchmark({ rounds: 5, seconds: 10 });
const load = { seconds: options.seconds, warmup: 2 };
const texts = readTexts(options.data);

const folder = await exportedModel(options.model, { precision: options.precision });
const engine = await openEngine([folder]);
const [model] = engine.models as [(typeof engine.models)[number]];
const service = await startService({ model: folder });

const senders: [name: string, send: Send][] = [
  ['engine', engineSender(model, texts)],
  ['http', httpSender(`${service.url}${routeOf(model.manifest)}`, texts)],
];
const results = await interleave(
  BENCH,
  options.rounds,
  [IN_FLIGHT, 1].flatMap(concurrency =>
    senders.map(([name, send]) => ({
      step: stepOf(name, concurrency),
      measure: () => measured(send, concurrency),
    })),
  ),
);
engine.close();
await service.stop();

const rates = (name: string) => results.get(stepOf(name, IN_FLIGHT))!.map(r => r.requests_per_second);
const generator = results.get(stepOf('http', IN_FLIGHT))!.map(report => report.generator);
const p50s = (name: string) => results.get(stepOf(name, 1))!.map(({ latency }) => latency.p50);
const summary = {
  model: basename(options.model),
  precision: model.manifest.precision,
  data: basename(options.data),
  tokens_per_text: meanTokens(model, texts),
  in_flight: IN_FLIGHT,
  engine: spread(rates('engine')),
  http: spread(rates('http')),
  generator: spread(generator),
  http_to_engine: ratios(rates('http'), rates('engine')),
  /** The ratio if the cores that the load generator took had served as well. */
  http_to_engine_less_generator: ratios(
    rates('http').map((rate, round) => rate / (1 - generator[round]!)),
    rates('engine'),
  ),
  engine_p50: spread(p50s('engine')),
  http_p50: spread(p50s('http')),
  http_p50_less_engine: spread(p50s('http').map((p50, round) => p50 - p50s('engine')[round]!)),
};
emitSummary(BENCH, summary);
process.stderr.write(
  `${MACHINE}; ${summary.model}, ${summary.precision}; ${summary.tokens_per_text.toFixed(1)} tokens a text\n`,
);
printTable([
  ['', 'median (range)'],
  ['engine alone, texts/s', spreadText(summary.engine)],
  ['over HTTP, texts/s', spreadText(summary.http)],
  ['HTTP / engine', spreadText(summary.http_to_engine, 2)],
  ['load generator’s share of the cores', spreadText(summary.generator, 3)],
  ['HTTP / engine, without that share', spreadText(summary.http_to_engine_less_generator, 2)],
  ['engine alone, p50 of one in flight, ms', spreadText(summary.engine_p50)],
  ['over HTTP, p50 of one in flight, ms', spreadText(summary.http_p50)],
  ['difference of the two, ms', spreadText(summary.http_p50_less_engine)],
]);

function stepOf(name: string, concurrency: number): string {
  return `${name}, ${concurrency} in flight`;
}

async function measured(send: Send, concurrency: number) {
  const before = process.cpuUsage();
  const report = await runLoadTest(send, { ...load, concurrency });
  const { user, system } = process.cpuUsage(before);
  const seconds = (load.seconds + load.warmup) * availableParallelism();
  return { ...report, generator: (user + system) / 1e6 / seconds };
}
