// A real Prometheus that scrapes a service under load, and what it answers to the queries of dashboard and rules.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { RunningService } from '../support/serve.js';
import { ruleFile } from './files.js';

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The points of one line: seconds since 1970, and numbers as text. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** The time that Prometheus has to start, and to answer a query. Milliseconds. */
const START_MS = 60_000;
const ANSWER_MS = 10_000;

export class LivePrometheus {
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.#url = url;
  }

  /** Starts one on a free port of this machine that scrapes the service every second. `folder` is for its files. */
  static async start({ url: target }: RunningService, folder: string): Promise<LivePrometheus> {
    const groups = ruleFile().groups.map(({ name, rules }) => ({ name, rules }));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups }));
    const scrape = {
      job_name: 'lsllama',
      static_configs: [{ targets: [new URL(target).host], labels: { instance: 'a' } }],
    };
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [scrape],
    };
    writeFileSync(join(folder, 'prometheus.yaml'), stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const prometheus = new LivePrometheus(child, `http://${address}`);
    await prometheus.#started();
    return prometheus;
  }

  async #started(): Promise<void> {
    const end = performance.now() + START_MS;
    while (performance.now() < end && this.#process.exitCode === null) {
      const isReady = await fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) return;
      await sleep(200);
    }
    await this.stop();
    throw new Error('prometheus did not start');
  }

  /** The samples that answer a query now. Throws an Error with the words of Prometheus if it refuses the query. */
  query(expr: string): Promise<readonly Sample[]> {
    return this.#ask('query', { query: expr });
  }

  /** What answers a query between two times, in seconds since 1970. */
  queryRange(expr: string, from: number, to: number, step: number): Promise<readonly Series[]> {
    return this.#ask('query_range', { query: expr, start: `${from}`, end: `${to}`, step: `${step}` });
  }

  async #ask<T>(path: string, parameters: Record<string, string>): Promise<readonly T[]> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { data, error } = (await answer.json()) as { data?: { result: readonly T[] }; error?: string };
    if (!data) throw new Error(`${parameters.query}: ${error}`);
    return data.result;
  }

  /** The rules that Prometheus could not evaluate, with the reason. */
  async brokenRules(): Promise<string[]> {
    const answer = await fetch(`${this.#url}/api/v1/rules`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { data } = (await answer.json()) as {
      data: { groups: readonly { rules: readonly RuleState[] }[] };
    };
    const rules = data.groups.flatMap(group => group.rules);
    return rules
      .filter(({ health }) => health !== 'ok')
      .map(({ name, health, lastError }) => `${name}: ${lastError ?? health}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}

/** Whether an answer holds a number. A quantile of nothing is NaN. */
export function hasData(samples: readonly Sample[]): boolean {
  return samples.some(({ value: [, text] }) => Number.isFinite(Number(text)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
