// The engine process: it sends no telemetry, ignores signals, ends with its parent, and is started again after a crash.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Engine, type ModelSource } from '../../dist/engine/engine.js';
import { EngineCrashed, EngineError } from '../../dist/engine/errors.js';
import { exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';

const folder = await exportCheckpoint('ls_llama_seq', temporaryFolder());
const golden = goldensOf('ls_llama_seq')[0]!;
const sequence = {
  ids: Int32Array.from(golden.input_ids),
  headPositions: Int32Array.of(golden.input_ids.length - 1),
};

const sourceOf = (path: string): ModelSource => ({
  options: { device: 'cpu', threads: 1 },
  warmUp: [sequence],
  folder: async () => path,
  refused() {},
});

const engines: Engine[] = [];
function startEngine(): Engine {
  const engine = new Engine();
  engines.push(engine);
  return engine;
}
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

async function loaded(): Promise<{ engine: Engine; pid: number }> {
  const before = enginePids();
  const engine = startEngine();
  await engine.load('m', sourceOf(folder));
  return { engine, pid: enginePids().find(pid => !before.includes(pid))! };
}

it('has its title, and turns off the telemetry of ONNX Runtime', async () => {
  const { pid } = await loaded();
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')).toContain('ORT_DISABLE_TELEMETRY=1');
  expect(readdirSync('/tmp')).not.toContain(`mat-debug-${pid}.log`);
});

it('ignores SIGINT and SIGTERM, and ends when its parent closes it', async () => {
  const { engine, pid } = await loaded();
  process.kill(pid, 'SIGINT');
  process.kill(pid, 'SIGTERM');
  await sleep(100);
  const { logits } = await engine.run('m', [sequence]);
  expect(logits[0]).toHaveLength(4);
  engine.close();
  for (let i = 0; i < 100 && enginePids().includes(pid); i++) await sleep(50);
  expect(enginePids()).not.toContain(pid);
});

it('starts again after a crash, with its models', async () => {
  const { engine, pid } = await loaded();
  const before = await engine.run('m', [sequence]);
  const restarted = new Promise(resolve => engine.once('restart', resolve));
  process.kill(pid, 'SIGKILL');
  expect(await restarted).toContain('SIGKILL');
  expect(engine.isUp('m')).toBe(false);
  await expect(engine.run('m', [sequence])).rejects.toMatchObject({ name: 'EngineCrashed', wasUp: false });
  await once(engine, 'up');
  const after = await engine.run('m', [sequence]);
  expect(after.logits).toEqual(before.logits);
});

it('rejects the batch that it held when it crashed', async () => {
  const { engine, pid } = await loaded();
  process.kill(pid, 'SIGSTOP');
  const running = engine.run('m', [sequence]);
  const rejected = expect(running).rejects.toThrow(EngineCrashed);
  await sleep(50);
  process.kill(pid, 'SIGKILL');
  await rejected;
});

it('reports a model or batch that ONNX Runtime refuses, and goes on running', async () => {
  const { engine } = await loaded();
  await expect(engine.load('other', sourceOf('/nowhere'))).rejects.toThrow(EngineError);
  const bad = { ids: Int32Array.of(999_999), headPositions: Int32Array.of(0) };
  await expect(engine.run('m', [bad])).rejects.toThrow(EngineError);
  const empty = { ids: new Int32Array(0), headPositions: Int32Array.of(0) };
  await expect(engine.run('m', [sequence, empty])).rejects.toThrow(/found none in sequence 1/);
  expect((await engine.run('m', [sequence])).logits).toHaveLength(1);
});
