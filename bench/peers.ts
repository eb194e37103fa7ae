// Throughput and latency over HTTP, beside other servers that a user could choose, all with the same merged classifier.
// All servers stay up, and one at a time is under load.
// usage: npx tsx bench/peers.ts PEERS_SH PEERS_DIR DATA.jsonl [--precision int8] [--peers vllm,infinity,fastapi]
//        [--rounds 3] [--seconds 8] [--warmup 3]
// `bash PEERS_SH start PEERS_DIR NAME PORT` serves PEERS_DIR/model. A server is ready when GET /health answers 200.

import { basename, join, resolve } from 'node:path';
import { program } from 'commander';
import type { Send } from '../dist/loadtest/answer.js';
import { runLoadTest } from '../dist/loadtest/loadTest.js';
import { failuresOf, type LoadTestReport } from '../dist/loadtest/report.js';
import { CLASSIFIER, exportedModel } from './models.ts';
import { dataArgument, listOption, roundsOption, secondsOption, warmupOption } from './options.ts';
import { type Peer, startPeer } from './peerProcess.ts';
import { emitSummary, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { httpSender, startService } from './service.ts';
import { readTexts } from './texts.ts';

const BENCH = 'peers';
/** The limit of the other servers. Tokens. */
const MAX_LENGTH = 512;
const IN_FLIGHT = [64, 1];
const OURS = 'ours';

program
  .argument('<script>', 'the script that starts another server')
  .argument('<dir>', 'the folder that the script uses')
  .addArgument(dataArgument())
  .option('--precision <name>', 'precision of the lsllama export', 'float32')
  .addOption(listOption('--peers <names>', 'servers to compare with', ['vllm', 'infinity', 'fastapi']))
  .addOption(roundsOption(3))
  .addOption(secondsOption(8))
  .addOption(warmupOption(3))
  .parse();
const [script, dir, data] = program.args as [string, string, string];
const options = program.opts<{
  precision: string;
  peers: string[];
  rounds: number;
  seconds: number;
  warmup: number;
}>();
const texts = readTexts(data);

const folder = await exportedModel(CLASSIFIER, { precision: options.precision, maxLength: MAX_LENGTH });
const peers: Peer[] = [];
const service = await startService({ model: folder });
try {
  for (const name of options.peers) peers.push(await startPeer(script, dir, name));
  const senders = new Map<string, Send>([
    [OURS, httpSender(`${service.url}/classify`, texts)],
    ...peers.map(({ name, url }): [string, Send] => [
      name,
      httpSender(`${url}/classify`, texts, bodyOf(name)),
    ]),
  ]);
  const results = await interleave(
    BENCH,
    options.rounds,
    IN_FLIGHT.flatMap(concurrency =>
      [...senders].map(([name, send]) => ({
        step: stepOf(name, concurrency),
        measure: () => runLoadTest(send, { ...options, concurrency }),
      })),
    ),
  );
  summarise(results);
} finally {
  await service.stop();
  for (const peer of peers) await peer.stop();
}

function stepOf(name: string, concurrency: number): string {
  return `${name}, ${concurrency} in flight`;
}

function bodyOf(name: string): (text: string) => object {
  if (name === 'fastapi') return text => ({ inputs: [text] });
  const model = join(resolve(dir), 'model');
  return text => ({ model, input: [text] });
}

function summarise(results: ReadonlyMap<string, readonly LoadTestReport[]>): void {
  const rows = [['', 'in flight', 'texts/s', 'p50 ms', 'p99 ms', 'ours / it', 'errors']];
  for (const in_flight of IN_FLIGHT) {
    const rates = (name: string) =>
      results.get(stepOf(name, in_flight))!.map(({ requests_per_second }) => requests_per_second);
    for (const name of [OURS, ...options.peers]) {
      const reports = results.get(stepOf(name, in_flight))!;
      const server = {
        data: basename(data),
        server: name,
        precision: name === OURS ? options.precision : 'bfloat16',
        in_flight,
        texts_per_second: spread(rates(name)),
        p50: spread(reports.map(({ latency }) => latency.p50)),
        p99: spread(reports.map(({ latency }) => latency.p99)),
        ours_to_it: ratios(rates(OURS), rates(name)),
        errors: reports.reduce((sum, report) => sum + failuresOf(report), 0),
      };
      emitSummary(BENCH, server);
      rows.push([
        `${name} (${server.precision})`,
        String(in_flight),
        spreadText(server.texts_per_second),
        server.p50.median.toFixed(0),
        server.p99.median.toFixed(0),
        spreadText(server.ours_to_it, 2),
        String(server.errors),
      ]);
    }
  }
  process.stderr.write(`${MACHINE}; ${basename(data)}\n`);
  printTable(rows);
}
