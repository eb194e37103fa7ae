// Shutdown and crashes: every accepted request is answered.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { usableCores } from '../../dist/machine/cores.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';

const models = temporaryFolder();
await exportCheckpoint('ls_llama_seq', models);

function classify({ url }: RunningService, texts: number): Promise<Response> {
  return fetch(`${url}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      inputs: Array.from({ length: texts }, (_, i) => `the market fell again, part ${i} `.repeat(4)),
    }),
  });
}

const enginesOf = ({ process: child }: RunningService) => enginePids(child.pid);

/** Waits until the service has tokenised at least that many requests. */
async function accepted({ url }: RunningService, requests: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const counted = /^lsllama_tokenize_duration_seconds_count\{.*\} (\d+)$/m.exec(metrics)?.[1];
    if (Number(counted) >= requests) return;
    await sleep(10);
  }
}

/** Waits until a process has ended; the test's own time limit is the bound. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
}

it('a SIGINT that npm passes on once more does not stop the service at once', async () => {
  const service = await startService(models, models, '--cache-size', '0');
  await ready(service);
  const answer = classify(service, 200);
  await accepted(service, 1);
  service.process.kill('SIGINT');
  await sleep(50);
  expect(await stop(service, 'SIGINT')).toBe(0);
  expect((await answer).status).toBe(200);
});

it('after SIGTERM the service answers the requests it accepted, ends its engines, and exits with 0', async () => {
  const service = await startService(models, models, '--cache-size', '0');
  await ready(service);
  const engines = enginesOf(service);
  expect(engines).toHaveLength(Math.min(usableCores(), 8));
  const answers = Array.from({ length: 20 }, () => classify(service, 100));
  await accepted(service, 20);
  const code = stop(service);
  const results = await Promise.all(answers.map(async answer => (await answer).status));
  expect(results).toEqual(new Array(20).fill(200));
  expect(await code).toBe(0);
  await Promise.all(engines.map(gone));
});

it('requests that are sent at the moment of SIGTERM are answered with 200 or 503', async () => {
  const service = await startService(models, models, '--cache-size', '0');
  await ready(service);
  const answers = Array.from({ length: 40 }, () => classify(service, 20));
  const code = stop(service);
  const statuses = await Promise.all(answers.map(async answer => (await answer).status));
  expect(statuses.every(status => status === 200 || status === 503)).toBe(true);
  expect(await code).toBe(0);
});

it('callers that send request after request are answered with 200 until they are refused with 503', async () => {
  const service = await startService(models, models, '--cache-size', '0');
  await ready(service);
  /** Sends requests until one is not answered with 200. Resolves to its status, or to the code of its error. */
  const lastAnswer = async () => {
    for (;;) {
      try {
        const response = await classify(service, 1);
        await response.arrayBuffer();
        if (!response.ok) return response.status;
      } catch (error) {
        return ((error as Error).cause as NodeJS.ErrnoException).code;
      }
    }
  };
  const lastAnswers = Array.from({ length: 16 }, lastAnswer);
  await accepted(service, 100);
  expect(await stop(service)).toBe(0);
  expect(await Promise.all(lastAnswers)).toEqual(new Array(16).fill(503));
});

it('requests that were in an engine when it crashed are answered', async () => {
  const service = await startService(models, models, '--cache-size', '0');
  await ready(service);
  const answers = Array.from({ length: 10 }, () => classify(service, 100));
  await accepted(service, 10);
  process.kill(enginesOf(service)[0]!, 'SIGKILL');
  const results = await Promise.all(answers.map(async answer => (await answer).status));
  expect(results).toEqual(new Array(10).fill(200));
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/lsllama_engine_restarts_total 1/);
  await stop(service);
});

it('requests that do not fit in the queue are refused with 429, the others are answered', async () => {
  const service = await startService(models, models, '--cache-size', '0', '--queue-tokens', '2000');
  await ready(service);
  const answers = await Promise.all(Array.from({ length: 12 }, () => classify(service, 40)));
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(answers.find(({ status }) => status === 429)!.headers.get('retry-after')).toBe('1');
  await stop(service);
});

it('the engines end when the service is killed', async () => {
  const service = await startService(models, models, '--cache-size', '0');
  await ready(service);
  const engines = enginesOf(service);
  await stop(service, 'SIGKILL');
  await Promise.all(engines.map(gone));
});
