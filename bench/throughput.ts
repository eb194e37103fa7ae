// Texts a second in the engine alone and over HTTP, in one run: rounds of each in turn, so that a machine whose
// speed drifts drifts for both. usage: npm run bench -- DATA.jsonl [--model FOLDER] [--rounds 5] [--seconds 10]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BATCH_TOKENS } from '../dist/commands/offline.js';
import { usableCores } from '../dist/engine/cores.js';
import { Engine } from '../dist/engine/engine.js';
import { runLoad } from '../dist/load/load.js';
import { defaultCache } from '../dist/model/cache.js';
import { prepareModel } from '../dist/model/prepare.js';
import { encodeText } from '../dist/predictor/classifier.js';
import { loadModel } from '../dist/predictor/load.js';
import type { LoadedModel } from '../dist/predictor/predictor.js';
import { encodeWords } from '../dist/predictor/tagger.js';
import { Scheduler } from '../dist/scheduler/scheduler.js';
import { splitWords } from '../dist/text/words.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IN_FLIGHT = 64;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: join(ROOT, 'models/agnews-llama') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
  },
});
const [data] = positionals;
if (!data) throw new Error('usage: npm run bench -- DATA.jsonl [--model FOLDER] [--rounds 5] [--seconds 10]');
const load = { seconds: Number(values.seconds), warmup: 2, concurrency: IN_FLIGHT };
const texts = readTexts(data);

const folder = await prepareModel(values.model, { cache: defaultCache(), device: 'cpu' });
const engine = new Engine({ device: 'cpu', threads: usableCores() });
const scheduler = new Scheduler(engine, { batchTokens: BATCH_TOKENS, queueTokens: Number.POSITIVE_INFINITY });
const model = await loadModel('model', folder, engine, scheduler);
const service = await startService(folder);

const rounds: { engine: number; http: number; generator: number }[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const alone = await runLoad(engineSender(model, texts), load);
  const cpuBefore = process.cpuUsage();
  const http = await runLoad(httpSender(service.url, model, texts), load);
  const { user, system } = process.cpuUsage(cpuBefore);
  rounds.push({
    engine: alone.requests_per_second,
    http: http.requests_per_second,
    // The load generator's own share of the machine's cores.
    generator: (user + system) / 1e6 / ((load.seconds + load.warmup) * usableCores()),
  });
}
engine.close();
service.stop();

const tokens = texts.reduce((sum, text) => sum + encodedTokens(model, text), 0) / texts.length;
const ratios = rounds.map(({ http, engine }) => http / engine);
console.log(
  `${cpus()[0]?.model}, ${usableCores()} cores; ${basename(values.model)}, ${model.manifest.precision}`,
);
console.log(
  `${basename(data)}: ${tokens.toFixed(1)} tokens a text; ${IN_FLIGHT} in flight; ${rounds.length} rounds of ${load.seconds} s`,
);
console.log(`engine alone  ${summary(rounds.map(round => round.engine))} texts/s`);
console.log(`over HTTP     ${summary(rounds.map(round => round.http))} texts/s`);
console.log(`HTTP / engine ${summary(ratios, 2)}`);
console.log(
  `load generator's share of the cores ${summary(
    rounds.map(round => round.generator),
    3,
  )}`,
);

function readTexts(path: string): string[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(0, 2000)
    .map(line => {
      const { text, tokens } = JSON.parse(line) as { text?: string; tokens?: string[] };
      return text ?? tokens!.join(' ');
    });
}

function sequencesOf(model: LoadedModel, text: string) {
  if (model.manifest.task === 'sequence') return [encodeText(model, text).sequence];
  const words = splitWords(text).map(({ start, end }) => text.slice(start, end));
  return encodeWords(model, words).sequences;
}

function encodedTokens(model: LoadedModel, text: string): number {
  return sequencesOf(model, text).reduce((sum, { ids }) => sum + ids.length, 0);
}

/** Batches as the service makes them, without text and HTTP: the encodings are made beforehand. */
function engineSender(model: LoadedModel, texts: readonly string[]) {
  const encoded = texts.map(text => sequencesOf(model, text));
  let next = 0;
  return async () => {
    const sequences = encoded[next++ % encoded.length]!;
    await model.scheduler.submit({ model: model.name, sequences, deadline: Number.POSITIVE_INFINITY });
    return 'ok';
  };
}

function httpSender(url: string, model: LoadedModel, texts: readonly string[]) {
  const route = `${url}${model.manifest.task === 'sequence' ? '/classify' : '/ner'}`;
  let next = 0;
  return async () => {
    const body = JSON.stringify({ inputs: texts[next++ % texts.length] });
    const response = await fetch(route, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await response.arrayBuffer();
    return response.ok ? 'ok' : String(response.status);
  };
}

/** The command as a user starts it, with this model alone, in a process of its own. */
async function startService(modelFolder: string): Promise<{ url: string; stop: () => void }> {
  const models = mkdtempSync(join(tmpdir(), 'lsllama-bench-'));
  symlinkSync(modelFolder, join(models, 'model'));
  const child = spawn(
    process.execPath,
    [join(ROOT, 'dist/cli.js'), 'serve', '--models', models, '--port', '0', '--cache-size', '0'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const url = await new Promise<string>((found, failed) => {
    createInterface(child.stderr).on('line', line => {
      const listening = /"url":"([^"]+)"/.exec(line);
      if (listening) found(listening[1]!);
    });
    once(child, 'exit').then(() => failed(new Error('the service ended')));
  });
  while (!(await fetch(`${url}/health/ready`)).ok) await sleep(100);
  return {
    url,
    stop() {
      child.kill('SIGTERM');
      rmSync(models, { recursive: true });
    },
  };
}

/** Median, and the range. */
function summary(values: readonly number[], digits = 1): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!.toFixed(digits);
  return `${at(0.5)} (${at(0)} to ${at(1)})`;
}
