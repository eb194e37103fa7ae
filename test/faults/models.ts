// Models that are replaced while they serve, by good versions and by damaged ones; and damaged exports in the cache.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCache } from '../../dist/model/cache.js';
import { prepareModel } from '../../dist/model/prepare.js';
import { RECIPE, readRecipe } from '../../dist/model/recipe.js';
import { ROOT } from '../support/fixtures.js';
import { type RunningService, ready, startService, stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { Load } from './load.js';
import { newsTexts } from './texts.js';

const CLASSIFIER = 'agnews-llama';
/** Its weights. */
const DATA = 'model.onnx.data';

export const MODEL_FAULTS: readonly Fault[] = [
  {
    name: 'reload',
    description: 'hot reloads, between two precisions whose logits differ',
    run: reloads,
  },
  {
    name: 'bad-reload',
    description: 'reloads of a model folder with a damaged file',
    run: badReloads,
  },
  {
    name: 'flipped-byte',
    description: 'a cache in which a byte of the weights is inverted',
    run: flippedByte,
  },
];

/** Serves the shipped classifier from model folders that take each other's place. */
async function replaced(
  work: (stage: {
    readonly service: RunningService;
    readonly load: Load;
    readonly versions: readonly string[];
    /** Puts a copy of a model folder in the place of the one that is served, and has it loaded. */
    reload(folder: string, damage?: (copy: string) => void): Promise<Response>;
  }) => Promise<string[]>,
): Promise<FaultResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-faults-'));
  const models = join(folder, 'models');
  const served = join(models, CLASSIFIER);
  mkdirSync(models);
  const versions = [await exported(folder, 'int8'), await exported(folder, 'float32')];
  cpSync(versions[0]!, served, { recursive: true });
  const service = await startService(models, folder, '--allow-reload', '--cache-size', '0');
  const reload = (version: string, damage: (copy: string) => void = () => {}) => {
    const copy = join(folder, 'copy');
    cpSync(version, copy, { recursive: true });
    damage(copy);
    renameSync(served, join(folder, 'old'));
    renameSync(copy, served);
    rmSync(join(folder, 'old'), { recursive: true });
    return fetch(`${service.url}/models/${CLASSIFIER}/reload`, { method: 'POST' });
  };
  try {
    await ready(service);
    const load = new Load(service.url, scoreRequests());
    await load.learn();
    const notes = await work({ service, load, versions, reload });
    await load.stop();
    await stop(service);
    return { requests: load.requests, failed: load.failed, wrong: load.wrong, notes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Two texts in each request, so that an answer of both versions is neither's. */
function scoreRequests() {
  const texts = newsTexts();
  return texts.map((text, i) => ({
    route: '/classify',
    body: JSON.stringify({ inputs: [text, texts[(i + 1) % texts.length]], raw_scores: true }),
  }));
}

/** The model folder of the shipped classifier at a precision, from the user's cache. */
async function exported(folder: string, precision: string): Promise<string> {
  const { adapters, ...recipe } = readRecipe(join(ROOT, 'models', CLASSIFIER, RECIPE));
  const changed = join(folder, `${CLASSIFIER}-${precision}`);
  mkdirSync(changed);
  writeFileSync(join(changed, RECIPE), JSON.stringify({ ...recipe, adapter: adapters, precision }));
  return (await prepareModel(changed, { cache: defaultCache(), device: 'cpu' })).folder;
}

function reloads({ times = 100 }: FaultOptions): Promise<FaultResult> {
  return replaced(async ({ load, versions, reload }) => {
    await reload(versions[1]!);
    await load.learn();
    load.run(8);
    let done = 0;
    const started = performance.now();
    for (let i = 0; i < times; i++) if ((await reload(versions[i % 2]!)).ok) done++;
    const seconds = (performance.now() - started) / 1000;
    return [`${done} of ${times} reloads, ${(seconds / times).toFixed(1)} s each`];
  });
}

function badReloads({ times = 5 }: FaultOptions): Promise<FaultResult> {
  return replaced(async ({ load, versions, reload, service }) => {
    load.run(8);
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) {
      statuses.push((await reload(versions[1]!, copy => invertByte(join(copy, DATA)))).status);
    }
    const isReady = (await fetch(`${service.url}/health/ready`)).ok;
    return [`reloads answered ${statuses.join(', ')}`, isReady ? 'ready all the time' : 'not ready'];
  });
}

function invertByte(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 0xff;
  writeFileSync(path, bytes);
}

async function flippedByte(): Promise<FaultResult> {
  const cache = mkdtempSync(join(tmpdir(), 'lsllama-faults-'));
  try {
    const start = async () => {
      const service = await startService(join(ROOT, 'models'), cache, '--cache-size', '0');
      await ready(service);
      return service;
    };
    const first = await start();
    const load = new Load(first.url);
    await load.learn();
    await stop(first);
    const exports = readdirSync(cache).filter(name => name.startsWith(CLASSIFIER));
    for (const name of exports) invertByte(join(cache, name, DATA));
    const second = await start();
    load.moveTo(second.url);
    load.run(8);
    await load.recovery(1);
    await load.stop();
    const isTold = second.log.some(line => line.includes('made again'));
    await stop(second);
    const notes = [isTold ? 'exported again by itself, with a log line' : 'nothing in the log'];
    return { requests: load.requests, failed: load.failed, wrong: load.wrong, notes };
  } finally {
    rmSync(cache, { recursive: true });
  }
}
