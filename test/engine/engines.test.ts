// Several engine processes on shared weights: logits are the same bits in every slot, and no file is left behind.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Sequence } from '../../dist/engine/batch.js';
import { EngineError } from '../../dist/engine/engine.js';
import { Engines } from '../../dist/engine/engines.js';
import { exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';

const CAUSAL = 'ls_llama_seq';
const sequences: Sequence[] = goldensOf(CAUSAL).map(({ input_ids }) => ({
  ids: Int32Array.from(input_ids),
  headPositions: Int32Array.of(input_ids.length - 1),
}));
const folder = await exportCheckpoint(CAUSAL, temporaryFolder(), { precision: 'int8' });

const started: Engines[] = [];
function startEngines(cores: number, scratch = temporaryFolder()) {
  const engines = new Engines({ device: 'cpu', cores, scratch });
  const unshared: string[] = [];
  engines.on('unshared', reason => unshared.push(reason));
  started.push(engines);
  return { engines, scratch, unshared };
}
afterEach(() => {
  for (const engines of started.splice(0)) engines.close();
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
    await engines.load('m', await exportCheckpoint(CAUSAL, temporaryFolder(), { precision }));
    expect(engines.slots('m')).toEqual(['all', 0, 1, 2]);
    const expected = await alone(engines);
    for (const slot of engines.slots('m')) {
      expect((await engines.run('m', sequences, slot)).logits).toEqual(expected);
    }
  },
);

it('leave no file of shared weights behind, and do not need one after a crash', async () => {
  const before = enginePids();
  const { engines, scratch } = startEngines(2);
  await engines.load('m', folder);
  expect(readdirSync(scratch)).toEqual([]);
  const expected = await alone(engines);
  for (const pid of enginePids().filter(pid => !before.includes(pid))) {
    const restarted = new Promise(resolve => engines.once('restart', resolve));
    process.kill(pid, 'SIGKILL');
    await restarted;
  }
  for (const slot of engines.slots('m')) {
    expect((await engines.run('m', sequences, slot)).logits).toEqual(expected);
  }
});

it('are a single process on a single core', async () => {
  const before = enginePids();
  const { engines } = startEngines(1);
  await engines.load('m', folder);
  expect(engines.slots('m')).toEqual(['all']);
  expect(enginePids().filter(pid => !before.includes(pid))).toHaveLength(1);
});

it('run without shared weights where these cannot be written, and say so', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const { engines, unshared } = startEngines(2, join(file, 'scratch'));
  await engines.load('m', folder);
  expect(engines.slots('m')).toEqual(['all']);
  expect(unshared).toEqual([expect.stringContaining('m: ENOTDIR')]);
  expect((await engines.run('m', sequences, 'all')).logits).toHaveLength(sequences.length);
});

it('report a model that ONNX Runtime refuses, and serve the others', async () => {
  const broken = await exportCheckpoint(CAUSAL, temporaryFolder());
  writeFileSync(join(broken, 'model.onnx'), 'no graph');
  const { engines, scratch } = startEngines(2);
  await expect(engines.load('broken', broken)).rejects.toThrow(EngineError);
  await engines.load('m', folder);
  expect(readdirSync(scratch)).toEqual([]);
  expect((await engines.run('m', sequences, 1)).logits).toHaveLength(sequences.length);
});
