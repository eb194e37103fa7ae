// Engines.ready counts the processes that are up and hold their models.

import { once } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import { Engines } from '../../dist/engine/engines.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';

const out = temporaryFolder();
const engines = new Engines({ device: 'cpu', cores: 2, scratch: out });
afterAll(() => engines.close());

it('is none before a model is loaded, and one less from a crash until the process has loaded its models again', async () => {
  // The first process is up once it has answered.
  await engines.probe();
  const [first] = enginePids();
  expect(engines.ready).toBe(0);
  await engines.load('model', await exportCheckpoint('ls_llama_seq', out));
  expect(engines.ready).toBe(2);
  process.kill(first!, 'SIGKILL');
  await once(engines, 'restart');
  expect(engines.ready).toBe(1);
  // A run waits for its engine to be up again.
  const sequence = { ids: Int32Array.of(1, 2, 3), headPositions: Int32Array.of(2) };
  for (const slot of [0, 1] as const) await engines.run('model', [sequence], slot);
  expect(engines.ready).toBe(2);
});
