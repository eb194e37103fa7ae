// Engine processes that are paused, killed or cannot load their model: no request is lost or answered wrongly, and the
// service recovers by itself.

import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { CHECKPOINTS, exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { type Answer, ask, expectedAnswers, startLoad } from '../support/load.js';
import { enginePids } from '../support/processes.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

const models = temporaryFolder();
await exportCheckpoint('ls_llama_seq', models);

/** Starts a service that computes every answer. */
async function start(folder = models, cache = temporaryFolder()): Promise<RunningService> {
  const service = await startService(folder, cache, '--cache-size', '0');
  services.push(service);
  await ready(service);
  return service;
}
const services: RunningService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map(service => stop(service, 'SIGKILL')));
});

const enginesOf = ({ process: child }: RunningService) => enginePids(child.pid);

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

const isReady = async ({ url }: RunningService) => (await fetch(`${url}/health/ready`)).ok;

async function notReady(service: RunningService): Promise<void> {
  while (await isReady(service)) await sleep(10);
}

async function metric({ url }: RunningService, name: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^lsllama_${name} (\\d+)$`, 'm').exec(metrics)![1]);
}

async function restarts(service: RunningService, count: number): Promise<void> {
  while ((await metric(service, 'engine_restarts_total')) < count) await sleep(50);
}

/** Expects that each answer is the one of before. */
function expectSame(answers: Awaited<ReturnType<typeof startLoad>>['answers'], expected: readonly Answer[]) {
  expect(answers.length).toBeGreaterThan(0);
  for (const { text, answer } of answers) expect(answer).toEqual(expected[text]);
}

/** Expects that each answer is the one of before, or asks the caller to come again. */
function expectSameOrLater(answers: Parameters<typeof expectSame>[0], expected: readonly Answer[]) {
  const isRefused = ({ answer }: (typeof answers)[number]) => answer.status === 503;
  for (const { answer } of answers.filter(isRefused)) expect(answer.retryAfter).toMatch(/^[1-9]\d*$/);
  expectSame(
    answers.filter(answer => !isRefused(answer)),
    expected,
  );
}

it('one engine hangs: it is ended and started again, and every request is answered as before', async () => {
  const service = await start();
  const expected = await expectedAnswers(service);
  const load = startLoad(service);
  signal(enginesOf(service).slice(0, 1), 'SIGSTOP');
  await restarts(service, 1);
  await ready(service);
  expectSame(await load.stop(), expected);
  expect(service.log.join('\n')).toContain('hung: no heartbeat for 5 s');
});

it('all engines hang: the service is not ready until they run again, and every request is answered as before', async () => {
  const service = await start();
  const expected = await expectedAnswers(service);
  const load = startLoad(service);
  const engines = enginesOf(service);
  signal(engines, 'SIGSTOP');
  await notReady(service);
  const { models: listed } = (await (await fetch(`${service.url}/models`)).json()) as {
    models: { state: string }[];
  };
  expect(listed.map(({ state }) => state)).toEqual(['restarting']);
  expect(await metric(service, 'models_ready')).toBe(0);
  await ready(service);
  await restarts(service, engines.length);
  expectSame(await load.stop(), expected);
});

it('engines are killed again and again: no request fails, and the service recovers', async () => {
  const service = await start();
  const expected = await expectedAnswers(service);
  const load = startLoad(service);
  for (let kills = 0; kills < 12; kills++) {
    signal(enginesOf(service), 'SIGKILL');
    await sleep(300);
  }
  await ready(service);
  await load.stop();
  expectSameOrLater(load.answers, expected);
  expect(await expectedAnswers(service)).toEqual(expected);
});

it('the cache of a recipe is deleted and the engines are killed: the model is exported again', async () => {
  const recipes = temporaryFolder();
  const cache = temporaryFolder();
  cpSync(`${CHECKPOINTS}/ls_llama_seq`, `${recipes}/news`, { recursive: true });
  const recipe = { base: 'base', adapter: 'adapter', attention: 'causal', precision: 'int8' };
  writeFileSync(`${recipes}/news/recipe.json`, JSON.stringify(recipe));
  const service = await start(recipes, cache);
  const expected = await expectedAnswers(service);
  for (const name of readdirSync(cache)) rmSync(`${cache}/${name}`, { recursive: true });
  const load = startLoad(service, 2);
  signal(enginesOf(service), 'SIGKILL');
  await notReady(service);
  await ready(service);
  await load.stop();
  expectSameOrLater(load.answers, expected);
  expect(await expectedAnswers(service)).toEqual(expected);
});

it('the model folder is gone and the engines are killed: requests are refused until it is there again', async () => {
  const folder = temporaryFolder();
  const cache = temporaryFolder();
  cpSync(models, folder, { recursive: true });
  const service = await start(folder, cache);
  const expected = await expectedAnswers(service);
  renameSync(`${folder}/ls_llama_seq`, `${folder}/.away`);
  for (const name of readdirSync(cache)) rmSync(`${cache}/${name}`, { recursive: true });
  signal(enginesOf(service), 'SIGKILL');
  for (;;) {
    const answer = await ask(service, 0);
    if (answer.status === 503) {
      expect(answer.retryAfter).toMatch(/^[1-9]\d*$/);
      break;
    }
  }
  expect(await isReady(service)).toBe(false);
  expect(service.log.join('\n')).toContain('no such folder');
  renameSync(`${folder}/.away`, `${folder}/ls_llama_seq`);
  await ready(service);
  expect(await expectedAnswers(service)).toEqual(expected);
});

it('SIGTERM ends a service whose engines hang', async () => {
  const service = await start();
  const engines = enginesOf(service);
  signal(engines, 'SIGSTOP');
  expect(await stop(service)).toBe(0);
  for (const pid of engines) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('SIGTERM answers the requests that wait for engines that hang', async () => {
  const service = await start();
  const expected = await expectedAnswers(service);
  signal(enginesOf(service), 'SIGSTOP');
  const answer = ask(service, 0);
  await sleep(500);
  expect(await stop(service)).toBe(0);
  expect(await answer).toEqual(expected[0]);
});

it('a service that was paused takes none of its engines for hung', async () => {
  const service = await start();
  const engines = enginesOf(service);
  service.process.kill('SIGSTOP');
  await sleep(7000);
  service.process.kill('SIGCONT');
  await expectedAnswers(service);
  await sleep(1000);
  expect(await metric(service, 'engine_restarts_total')).toBe(0);
  expect(enginesOf(service)).toEqual(engines);
});

it('the packed copies of a service that was killed are removed by the next one', async () => {
  const cache = temporaryFolder();
  await stop(await start(models, cache), 'SIGKILL');
  const left = readdirSync(cache).filter(name => name.startsWith('.packed-'));
  const service = await start(models, cache);
  for (const name of left) expect(readdirSync(cache)).not.toContain(name);
  expect(await stop(service)).toBe(0);
  expect(readdirSync(cache).filter(name => name.startsWith('.packed-'))).toEqual([]);
});
