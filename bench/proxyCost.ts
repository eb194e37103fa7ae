// What a request costs a proxy: processor time of HAProxy for each request that it passes on and for its answer.
// usage: npx tsx bench/proxyCost.ts [--rounds 5] [--seconds 10]   (apt-get install haproxy)

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { program } from 'commander';
import { Pool } from 'undici';
import { startHaproxy } from '../test/support/haproxy.ts';
import { roundsOption, secondsOption } from './options.ts';
import { processorSeconds } from './processorTime.ts';
import { emit, emitSummary, MACHINE, printTable, spread, spreadText } from './report.ts';

const BENCH = 'proxyCost';
const IN_FLIGHT = 64;
/** A text of AG News and its answer. */
const REQUEST = JSON.stringify({
  inputs: 'The central bank raised interest rates again on Thursday. '.repeat(4),
});
const ANSWER = JSON.stringify({
  model: 'agnews-llama',
  results: [{ label: 'Business', score: 0.99 }],
}).padEnd(300);

program.addOption(roundsOption(5)).addOption(secondsOption(10)).parse();
const options = program.opts<{ rounds: number; seconds: number }>();

const back = createServer((request, response) => {
  request.resume().once('end', () => response.setHeader('content-type', 'application/json').end(ANSWER));
}).listen(0, '127.0.0.1');
await once(back, 'listening');

const proxy = await startHaproxy([(back.address() as AddressInfo).port]);
const pool = new Pool(proxy.url, { connections: IN_FLIGHT });
const costs: number[] = [];
try {
  await load(1);
  for (let round = 1; round <= options.rounds; round++) {
    const before = processorSeconds(proxy.pid);
    const requests = await load(options.seconds);
    const microseconds = ((processorSeconds(proxy.pid) - before) / requests) * 1e6;
    emit(BENCH, { round, requests, microseconds });
    costs.push(microseconds);
  }
} finally {
  await pool.close();
  await proxy.stop();
  back.close();
}
const cost = spread(costs);
emitSummary(BENCH, { microseconds: cost });
process.stderr.write(`${MACHINE}\n`);
printTable([
  ['processor time of HAProxy for a request, µs', spreadText(cost)],
  ['requests/s of a core', (1e6 / cost.median).toFixed(0)],
]);

/** Sends requests for so many seconds. Resolves to their number. */
async function load(seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let requests = 0;
  const worker = async () => {
    while (performance.now() < end) {
      const { body } = await pool.request({ method: 'POST', path: '/classify', body: REQUEST });
      await body.dump();
      requests++;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return requests;
}
