// What traces of OpenTelemetry cost: the service without them and with them, saturated and with one text in flight.
// usage: npx tsx bench/tracing.ts DATA.jsonl [--precision NAME] [--rounds 6] [--seconds 10] [--baseline CLI]
//
// Every measurement starts a service of its own: of several that run side by side, those that started later answer a
// single request up to a third more slowly. A second one without traces shows how much two equal ones differ. --baseline
// takes the dist/cli.js of another build, such as one from before there were traces.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { program } from 'commander';
import { runLoadTest } from '../dist/loadtest/loadTest.js';
import { CLASSIFIER, exportedModel } from './models.ts';
import { dataArgument, precisionOption, roundsOption, secondsOption } from './options.ts';
import { emitSummary, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { httpSender, type ServiceOptions, startService } from './service.ts';
import { readTexts } from './texts.ts';

const BENCH = 'tracing';
const IN_FLIGHT = 64;
const OFF = 'off';

program
  .addArgument(dataArgument())
  .addOption(precisionOption())
  .addOption(roundsOption(6))
  .addOption(secondsOption(10))
  .option('--baseline <cli>', 'the dist/cli.js of another build')
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ precision?: string; rounds: number; seconds: number; baseline?: string }>();
const load = { seconds: options.seconds, warmup: 2 };
const texts = readTexts(data);
const folders = { model: await exportedModel(CLASSIFIER, { precision: options.precision }) };

let requests = 0;
const receiver = createServer((request, response) => {
  requests++;
  request.resume().once('end', () => response.writeHead(200).end());
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;

const services = new Map<string, ServiceOptions>([
  [OFF, {}],
  ['off, again', {}],
  ['on', { env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } }],
]);
if (options.baseline !== undefined) services.set('baseline', { cli: options.baseline });

const results = await interleave(
  BENCH,
  options.rounds,
  [...services].map(([step, serviceOptions]) => ({
    step,
    async measure() {
      const service = await startService(folders, serviceOptions);
      const send = httpSender(`${service.url}/classify`, texts);
      const saturated = await runLoadTest(send, { ...load, concurrency: IN_FLIGHT });
      const single = await runLoadTest(send, { ...load, concurrency: 1 });
      await service.stop();
      return { saturated, single };
    },
  })),
);
receiver.close();
if (requests === 0) throw new Error('expected spans, found none: the service with traces sent nothing');

const rates = (name: string) => results.get(name)!.map(({ saturated }) => saturated.requests_per_second);
const p50s = (name: string) => results.get(name)!.map(({ single }) => single.latency.p50);
const rows = [...services.keys()].map(name => ({
  name,
  texts_per_second: spread(rates(name)),
  to_off: ratios(rates(name), rates(OFF)),
  p50: spread(p50s(name)),
  p50_to_off: ratios(p50s(name), p50s(OFF)),
}));
emitSummary(BENCH, { data: basename(data), precision: options.precision ?? 'recipe’s', services: rows });
process.stderr.write(`${MACHINE}; ${basename(data)}; traces were sent in ${requests} requests\n`);
printTable([
  ['traces', `texts/s, ${IN_FLIGHT} in flight`, '/ off', 'p50 of one, ms', '/ off'],
  ...rows.map(({ name, texts_per_second, to_off, p50, p50_to_off }) => [
    name,
    spreadText(texts_per_second),
    spreadText(to_off, 3),
    spreadText(p50),
    spreadText(p50_to_off, 3),
  ]),
]);
