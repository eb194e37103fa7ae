// The first start of a service, as a new user sees it: on a terminal, and in a log.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKPOINTS, exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { ready, startService, stop } from '../support/service.js';
import { screenOf } from '../support/terminal.js';

/** A folder of recipes, which have not been exported yet. */
function recipes(names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names) {
    cpSync(`${CHECKPOINTS}/${name}`, `${folder}/${name}`, { recursive: true });
    const attention = name.startsWith('ls_unllama') ? 'bidirectional' : 'causal';
    const recipe = { base: 'base', adapter: 'adapter', attention, precision: 'int8' };
    writeFileSync(`${folder}/${name}/recipe.json`, JSON.stringify(recipe));
  }
  return folder;
}

/** The words `ready on …` in a line of the log or the screen, and the command that it offers. */
const READY = /ready on (http:\S+) after \d+ s\. Try: (curl .+)$/;

const runs = (command: string) => spawnSync(command, ['--version']).status === 0;

/** Runs a command that a user copied, and returns the answer. */
function answerOf(command: string, env: NodeJS.ProcessEnv = {}) {
  const { stdout } = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout);
}

describe.runIf(process.platform === 'linux' && runs('script'))('on a terminal', () => {
  /** Starts a service on a pseudo-terminal of 100 columns. Resolves to its output once that matches `until`. */
  async function onTerminal(models: string, until: RegExp): Promise<{ pid: number; output: () => string }> {
    const serve = `exec ${process.execPath} ${ROOT}/dist/cli.js serve --models ${models} --port 0`;
    const command = `stty cols 100 rows 24; echo pid $$; ${serve}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LSLLAMA_CACHE: temporaryFolder(), NO_COLOR: '1' },
    });
    // The service ends with its terminal.
    afterAll(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text;
    });
    while (!until.test(output) && child.exitCode === null) await sleep(50);
    return { pid: Number(/^pid (\d+)/.exec(output)![1]), output: () => output };
  }

  async function end(pid: number): Promise<void> {
    process.kill(pid, 'SIGTERM');
    while (isAlive(pid)) await sleep(50);
  }

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }

  it('log lines stand alone, no bar is left, and the last line offers a request that works', async () => {
    const models = recipes(['ls_llama_seq', 'ls_unllama_tok']);
    mkdirSync(`${models}/broken`);
    writeFileSync(`${models}/broken/recipe.json`, '{"base": "absent.gguf"}');
    const { pid, output } = await onTerminal(models, /Try: .*\r\n/);
    try {
      const time = String.raw`\[\d\d:\d\d:\d\d\] `;
      const lines = screenOf(output());
      const note = new RegExp(`^${time}INFO: labels: markers B, I before the type .*"ls_unllama_tok"`);
      expect(lines.filter(line => note.test(line))).toHaveLength(1);
      expect(lines.filter(line => !note.test(line))).toEqual([
        `pid ${pid}`,
        expect.stringMatching(new RegExp(`^${time}INFO: listening while the models load .*"url"`)),
        expect.stringMatching(new RegExp(`^${time}ERROR: model failed .*"broken".*absent\\.gguf`)),
        expect.stringMatching(new RegExp(`^${time}INFO: model ready .*"ls_`)),
        expect.stringMatching(new RegExp(`^${time}INFO: model ready .*"ls_`)),
        expect.stringMatching(new RegExp(`^${time}INFO: ready on http`)),
        '',
      ]);
      if (runs('curl')) {
        const [, , command] = READY.exec(lines.at(-2)!)!;
        expect(answerOf(command!)).toMatchObject({ model: 'ls_llama_seq', results: [{ truncated: false }] });
      }
    } finally {
      await end(pid);
    }
  });
});

describe('in a log', () => {
  const one = temporaryFolder();
  const two = temporaryFolder();

  beforeAll(async () => {
    const folder = await exportCheckpoint('ls_unllama_tok', one);
    for (const name of ['ls_unllama_tok', "it's another"]) {
      cpSync(folder, `${two}/${name}`, { recursive: true });
    }
  });

  /** The command that the log offers in its last record. */
  async function offered(models: string, ...flags: string[]) {
    const service = await startService(models, temporaryFolder(), ...flags);
    await ready(service);
    while (!service.log.at(-1)!.includes('Try:')) await sleep(20);
    const records = service.log.map(line => JSON.parse(line));
    const [, url, command] = READY.exec(records.at(-1).msg)!;
    expect(url).toBe(service.url);
    return { service, command: command! };
  }

  it.runIf(runs('curl'))('a single record offers a request that works', async () => {
    const { service, command } = await offered(one);
    expect(command).toContain('/ner');
    expect(answerOf(command)).toMatchObject({
      model: 'ls_unllama_tok',
      results: [{ entities: expect.any(Array) }],
    });
    await stop(service);
  });

  it.runIf(runs('curl'))('the request names its model where there are several, and sends a key', async () => {
    const { service, command } = await offered(two, '--api-key', 'secret');
    expect(command).not.toContain('secret');
    expect(answerOf(command, { LSLLAMA_API_KEY: 'wrong' })).toMatchObject({ status: 401 });
    expect(answerOf(command, { LSLLAMA_API_KEY: 'secret' })).toMatchObject({ model: "it's another" });
    await stop(service);
  });

  it('a service whose models have all failed says so', async () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/broken`);
    writeFileSync(`${folder}/broken/recipe.json`, '{"base": "absent.gguf"}');
    const service = await startService(folder, temporaryFolder());
    while (!service.log.at(-1)!.includes('no model is ready')) await sleep(20);
    await stop(service);
  });
});
