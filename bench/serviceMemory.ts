// Memory of `serve` with both shipped models, beside the bytes of their weights on disk (Linux only).
// usage: npx tsx bench/serviceMemory.ts DATA.jsonl [--precisions float32,int8] [--seconds 5]

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from 'commander';
import { runLoadTest } from '../dist/loadtest/loadTest.js';
import { DATA_FILE } from '../dist/onnx/contract.js';
import { type PeakMemory, watchMemory } from './memory.ts';
import { CLASSIFIER, exportedModel, TAGGER } from './models.ts';
import { dataArgument, precisionsOption, secondsOption } from './options.ts';
import { emitSummary, printTable } from './report.ts';
import { httpSender, startService } from './service.ts';
import { readTexts } from './texts.ts';

const BENCH = 'service memory';
const IN_FLIGHT = 64;

program
  .addArgument(dataArgument())
  .addOption(precisionsOption())
  .addOption(secondsOption(5, 'seconds of idling, and of load on each model'))
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ precisions: string[]; seconds: number }>();
const texts = readTexts(data);

const rows = [['MB', 'weights', 'idle', 'under load', 'idle / weights', 'under load / weights']];
for (const precision of options.precisions) {
  const folders = [
    await exportedModel(CLASSIFIER, { precision }),
    await exportedModel(TAGGER, { precision }),
  ] as const;
  const weights = folders.reduce((sum, folder) => sum + statSync(join(folder, DATA_FILE)).size, 0);
  const service = await startService({ classifier: folders[0], tagger: folders[1] });
  const idle = await sampled(service.pid, () => sleep(options.seconds * 1000));
  const loaded = await sampled(service.pid, async () => {
    for (const route of ['/classify', '/ner']) {
      const send = httpSender(service.url + route, texts);
      await runLoadTest(send, { seconds: options.seconds, warmup: 0, concurrency: IN_FLIGHT });
    }
  });
  await service.stop();
  const summary = {
    precision,
    weights,
    idle: idle.treeResident,
    loaded: loaded.treeResident,
    idle_anonymous: idle.treeAnonymous,
    loaded_anonymous: loaded.treeAnonymous,
    idle_to_weights: idle.treeResident / weights,
    loaded_to_weights: loaded.treeResident / weights,
  };
  emitSummary(BENCH, summary);
  rows.push([
    precision,
    ...[weights, idle.treeResident, loaded.treeResident].map(bytes => (bytes / 1e6).toFixed(0)),
    summary.idle_to_weights.toFixed(2),
    summary.loaded_to_weights.toFixed(2),
  ]);
}
printTable(rows);

async function sampled(pid: number, work: () => Promise<void>): Promise<PeakMemory> {
  const stop = watchMemory(pid);
  await work();
  return stop();
}
