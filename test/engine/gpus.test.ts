// Several GPUs, with a stand-in for ONNX Runtime that takes any device and answers at once.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Engines } from '../../dist/engine/engines.js';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';

const folder = await exportCheckpoint('ls_llama_seq', temporaryFolder());
const sequence = { ids: Int32Array.of(1, 2, 3), headPositions: Int32Array.of(2) };
const order = { folder, warmUp: [sequence], restore: async () => folder };
const { NODE_OPTIONS } = process.env;
const started: Engines[] = [];

beforeAll(() => {
  process.env.NODE_OPTIONS = `--import ${pathToFileURL(join(ROOT, 'bench/instantRuntime/register.mjs')).href}`;
});
afterAll(async () => {
  await Promise.all(started.map(engines => engines.close()));
  if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = NODE_OPTIONS;
});

async function loadedOn(device: string): Promise<Engines> {
  const engines = new Engines({ device, cores: 2, scratch: temporaryFolder });
  started.push(engines);
  await engines.load('m', order);
  return engines;
}

it.each([
  ['cuda', ['all'], 1],
  ['cuda:1', ['all'], 1],
  ['cuda:0,1,2', [0, 1, 2], 3],
])('%s: an engine process for each GPU', async (device, slots, processes) => {
  const engines = await loadedOn(device);
  expect(engines.slots('m')).toEqual(slots);
  expect(engines.size).toBe(processes);
  for (const slot of engines.slots('m')) {
    expect(engines.isUp(slot, 'm')).toBe(true);
    const { logits } = await engines.run('m', [sequence, sequence], slot);
    expect(logits.map(own => [...own])).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  }
  await engines.unload('m');
  expect(engines.slots('m')).toEqual([]);
});
