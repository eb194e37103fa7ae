// Several engine processes on shared weights: logits are the same bits in every slot, and no file is left behind.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Engines, type ModelOrder } from '../../dist/engine/engines.js';
import { EngineError } from '../../dist/engine/errors.js';
import type { Sequence } from '../../dist/engine/sequence.js';
import { exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';

const CAUSAL = 'ls_llama_seq';
const sequences: Sequence[] = goldensOf(CAUSAL).map(({ input_ids }) => ({
  ids: Int32Array.from(input_ids),
  headPositions: Int32Array.of(input_ids.length - 1),
}));
const folder = await exportCheckpoint(CAUSAL, temporaryFolder(), { precision: 'int8' });

const orderOf = (path: string): ModelOrder => ({
  folder: path,
  warmUp: sequences.slice(0, 1),
  restore: async () => path,
});

const started: Engines[] = [];
function startEngines(cores: number, parent = temporaryFolder()) {
  const scratch = () => mkdtempSync(join(parent, 'packed-'));
  const engines = new Engines({ device: 'cpu', cores, scratch });
  const unshared: string[] = [];
  engines.on('unshared', reason => unshared.push(reason));
  started.push(engines);
  return { engines, scratch: parent, unshared };
}
afterEach(() => {
  for (const engines of started.splice(0)) void engines.close();
});

async function alone(engines: Engines) {
  const logits = [];
  for (const sequence of sequences) logits.push((await engines.run('m', [sequence], 'all')).logits[0]);
  return logits;
}

it.each(['float32', 'int8'] as const)(
  'return the same bits in every slot and batch, at %s',
  async precision => {
    const { engines } = startEngines(3);
    await engines.load('m', orderOf(await exportCheckpoint(CAUSAL, temporaryFolder(), { precision })));
    expect(engines.slots('m')).toEqual(['all', 0, 1, 2]);
    const expected = await alone(engines);
    for (const slot of engines.slots('m')) {
      expect((await engines.run('m', sequences, slot)).logits).toEqual(expected);
    }
  },
);

it('leave the cores to the process that answers requests, whenever it wants one', async () => {
  const { engines } = startEngines(2);
  await engines.load('m', orderOf(folder));
  for (const pid of enginePids()) expect(getPriority(pid)).toBeGreaterThan(getPriority());
  await engines.close();
});

/** Kills every engine process, and waits until each slot is up again. */
async function killAll(engines: Engines, pids: readonly number[]): Promise<void> {
  const restarted = pids.map(() => once(engines, 'restart'));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await Promise.all(restarted);
  while (!engines.slots('m').every(slot => engines.isUp(slot, 'm'))) await once(engines, 'up');
}

/** The files of weights that a process has mapped. */
function mappedWeights(pid: number): string[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  const paths = maps.map(line => line.split(/\s+/).slice(5).join(' '));
  return [...new Set(paths.filter(path => path.includes('model.onnx.data')))];
}

/** Two engines with a model: the ids of their processes, its logits, and the name of the copy of its weights that they share. */
async function startSharing() {
  const before = enginePids();
  const own = () => enginePids().filter(pid => !before.includes(pid));
  const { engines, scratch } = startEngines(2);
  await engines.load('m', orderOf(folder));
  return { engines, scratch, own, expected: await alone(engines), copy: readdirSync(scratch)[0]! };
}

it('map the same file of shared weights after a crash, and leave none behind', async () => {
  const { engines, scratch, own, expected, copy } = await startSharing();
  const shared = join(scratch, copy, 'model.onnx.data');
  expect(own().map(mappedWeights)).toEqual([[shared], [shared]]);
  await killAll(engines, own());
  expect(own().map(mappedWeights)).toEqual([[shared], [shared]]);
  for (const slot of engines.slots('m')) {
    expect((await engines.run('m', sequences, slot)).logits).toEqual(expected);
  }
  await engines.close();
  expect(readdirSync(scratch)).toEqual([]);
});

it('release a model whose shared weights cannot be removed', async () => {
  const { engines, scratch } = startEngines(2);
  await engines.load('m', orderOf(folder));
  rmSync(scratch, { recursive: true });
  writeFileSync(scratch, '');
  await engines.unload('m');
  expect(engines.slots('m')).toEqual([]);
});

it('are a single process on a single core', async () => {
  const before = enginePids();
  const { engines } = startEngines(1);
  await engines.load('m', orderOf(folder));
  expect(engines.slots('m')).toEqual(['all']);
  expect(enginePids().filter(pid => !before.includes(pid))).toHaveLength(1);
});

it('run without shared weights where these cannot be written, and say so', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const { engines, unshared } = startEngines(2, join(file, 'scratch'));
  await engines.load('m', orderOf(folder));
  expect(engines.slots('m')).toEqual(['all']);
  expect(unshared).toEqual([expect.stringContaining('m: ENOTDIR')]);
  expect((await engines.run('m', sequences, 'all')).logits).toHaveLength(sequences.length);
});

it('report a model that ONNX Runtime refuses, and serve the others', async () => {
  const broken = await exportCheckpoint(CAUSAL, temporaryFolder());
  writeFileSync(join(broken, 'model.onnx'), 'no graph');
  const { engines, scratch } = startEngines(2);
  await expect(engines.load('broken', orderOf(broken))).rejects.toThrow(EngineError);
  await engines.load('m', orderOf(folder));
  // The copy of the other model.
  expect(readdirSync(scratch)).toHaveLength(1);
  expect((await engines.run('m', sequences, 1)).logits).toHaveLength(sequences.length);
});

it('serve one model while another cannot be loaded again, and the other too once it is there again', async () => {
  const before = enginePids();
  const own = () => enginePids().filter(pid => !before.includes(pid));
  const { engines, scratch } = startEngines(2);
  let isThere = true;
  await engines.load('m', orderOf(folder));
  const keptCopies = readdirSync(scratch);
  await engines.load('lost', {
    ...orderOf(folder),
    restore: () => (isThere ? Promise.resolve(folder) : Promise.reject(new Error('the folder is gone'))),
  });
  const expected = await alone(engines);
  const failures: string[] = [];
  engines.on('failed', (model, reason) => failures.push(`${model}: ${reason}`));
  isThere = false;
  for (const copy of readdirSync(scratch).filter(name => !keptCopies.includes(name))) {
    rmSync(join(scratch, copy), { recursive: true });
  }
  const down = once(engines, 'down');
  await killAll(engines, own());
  expect(await down).toEqual(['lost']);
  expect(failures[0]).toBe('lost: the folder is gone');
  expect(engines.downFor('lost')).toBeTypeOf('number');
  expect(engines.downFor('m')).toBeUndefined();
  expect(await alone(engines)).toEqual(expected);
  isThere = true;
  while (!engines.slots('lost').every(slot => engines.isUp(slot, 'lost'))) await once(engines, 'up');
  expect(engines.downFor('lost')).toBeUndefined();
  for (const slot of engines.slots('lost')) {
    expect((await engines.run('lost', sequences, slot)).logits).toEqual(expected);
  }
});

it('write the shared weights again where the file was damaged, once for all engines', async () => {
  const { engines, scratch, own, expected, copy } = await startSharing();
  // Of the same size, so that only ONNX Runtime notices.
  const graph = join(scratch, copy, 'model.onnx');
  writeFileSync(graph, Buffer.alloc(statSync(graph).size, 'x'));
  await killAll(engines, own());
  const [again, ...more] = readdirSync(scratch);
  expect(more).toEqual([]);
  expect(again).not.toBe(copy);
  const shared = join(scratch, again!, 'model.onnx.data');
  // The process that wrote them may not have ended yet.
  await expect.poll(() => own().map(mappedWeights)).toEqual([[shared], [shared]]);
  for (const slot of engines.slots('m')) {
    expect((await engines.run('m', sequences, slot)).logits).toEqual(expected);
  }
});
