// Texts a second and latencies over HTTP beside the servers that one would pick instead, in one run: rounds of each in
// turn, one under load at a time. One JSON line a measurement on standard output, the ratios on standard error.
// usage: npx tsx bench/peers.ts PEERS_SH PEERS_DIR DATA.jsonl [--peers vllm,infinity,fastapi] [--rounds 3] [--seconds 8]
// PEERS_SH starts one: `PEERS_SH start PEERS_DIR NAME PORT`, on the model in PEERS_DIR/model.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runLoad } from '../dist/load/load.js';
import { exportModel } from '../dist/model/export.js';
import { readRecipe } from '../dist/model/recipe.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** As the peers read texts. Tokens. */
const MAX_LENGTH = 512;
const FIRST_PORT = 18_100;
/** vLLM compiles before it answers. */
const START_MS = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'string', default: 'vllm,infinity,fastapi' },
    precision: { type: 'string', default: 'int8' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
  },
});
const [script, folder, data] = positionals;
if (!script || !folder || !data) throw new Error('usage: peers.ts PEERS_SH PEERS_DIR DATA.jsonl');

interface Server {
  readonly name: string;
  readonly url: string;
  readonly process: ChildProcess;
  readonly body: (text: string) => object;
}

interface Measurement {
  readonly name: string;
  readonly round: number;
  readonly concurrency: number;
  readonly textsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const texts = readFileSync(data, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => (JSON.parse(line) as { text: string }).text);
const models = mkdtempSync(join(tmpdir(), 'lsllama-peers-'));
const servers: Server[] = [];
const measured: Measurement[] = [];
try {
  const recipe = readRecipe(join(ROOT, 'models/agnews-llama/recipe.json'));
  await exportModel(
    { ...recipe, precision: values.precision, maxLength: MAX_LENGTH },
    join(models, 'agnews'),
  );
  servers.push(ours());
  for (const name of values.peers.split(',')) servers.push(peer(name));
  for (const server of servers) await ready(server);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const concurrency of [64, 1]) {
      for (const server of servers) await measure(server, round, concurrency);
    }
  }
  summarise();
} finally {
  // each leads a group of its own
  for (const { process: child } of servers) process.kill(-child.pid!, 'SIGTERM');
  rmSync(models, { recursive: true });
}

function ours(): Server {
  const url = `http://127.0.0.1:${FIRST_PORT}`;
  const args = [join(ROOT, 'dist/cli.js'), 'serve', '--models', models, '--port', String(FIRST_PORT)];
  const child = start(process.execPath, [...args, '--cache-size', '0']);
  return { name: 'lsllama', url, process: child, body: text => ({ inputs: text }) };
}

function peer(name: string): Server {
  const port = FIRST_PORT + 1 + servers.length;
  const model = join(resolve(folder!), 'model');
  const body =
    name === 'fastapi'
      ? (text: string) => ({ inputs: [text] })
      : (text: string) => ({ model, input: [text] });
  const child = start('bash', [script!, 'start', folder!, name, String(port)]);
  return { name, url: `http://127.0.0.1:${port}`, process: child, body };
}

function start(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { stdio: 'ignore', detached: true });
}

async function ready({ name, url }: Server): Promise<void> {
  const path = name === 'lsllama' ? '/health/ready' : '/health';
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(500)) {
    const response = await fetch(url + path).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`${name} is not ready after ${START_MS / 1000} s`);
}

async function measure({ name, url, body }: Server, round: number, concurrency: number): Promise<void> {
  let next = 0;
  const send = async () => {
    const response = await fetch(`${url}/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body(texts[next++ % texts.length]!)),
    });
    await response.arrayBuffer();
    return response.ok ? 'ok' : String(response.status);
  };
  const report = await runLoad(send, { concurrency, seconds: Number(values.seconds), warmup: 2 });
  const { p50, p99 } = report.latency;
  measured.push({ name, round, concurrency, textsPerSecond: report.requests_per_second, p50, p99 });
  process.stdout.write(`${JSON.stringify({ ...measured.at(-1), errors: report.errors })}\n`);
}

/** Ours against each peer, round by round. */
function summarise(): void {
  const of = (name: string, concurrency: number) =>
    measured.filter(each => each.name === name && each.concurrency === concurrency);
  for (const { name } of servers.slice(1)) {
    const ratios = (concurrency: number, figure: 'textsPerSecond' | 'p50') =>
      of('lsllama', concurrency)
        .map((own, round) => own[figure] / of(name, concurrency)[round]![figure])
        .sort((a, b) => a - b);
    const told = (sorted: readonly number[]) =>
      `${sorted[Math.floor(sorted.length / 2)]!.toFixed(2)} (${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)})`;
    process.stderr.write(
      `lsllama / ${name}: texts/s at 64 in flight ${told(ratios(64, 'textsPerSecond'))}, p50 at one ${told(ratios(1, 'p50'))}\n`,
    );
  }
}
