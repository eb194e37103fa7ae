// Engines.ready counts the processes that are up and hold their models.

import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Engines } from '../../dist/engine/engines.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';

const out = temporaryFolder();
const engines = new Engines({ device: 'cpu', cores: 2, scratch: () => mkdtempSync(join(out, 'packed-')) });
afterAll(() => engines.close());

it('is none before a model is loaded, and one less from a crash until the process has loaded its models again', async () => {
  // The first process is up once it has answered.
  await engines.probe();
  const [first] = enginePids();
  expect(engines.ready).toBe(0);
  const folder = await exportCheckpoint('ls_llama_seq', out);
  const warmUp = [{ ids: Int32Array.of(1, 2, 3), headPositions: Int32Array.of(2) }];
  await engines.load('model', { folder, warmUp, restore: async () => folder });
  expect(engines.ready).toBe(2);
  process.kill(first!, 'SIGKILL');
  await once(engines, 'restart');
  expect(engines.ready).toBe(1);
  expect(engines.slots('model').filter(slot => engines.isUp(slot, 'model'))).toEqual([1]);
  while (engines.ready < 2) await once(engines, 'up');
  expect(engines.ready).toBe(2);
});
