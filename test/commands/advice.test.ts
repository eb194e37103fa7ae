// What doctor advises.

import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adviceOn, type Findings } from '../../dist/commands/advice.js';
import { lsllama } from '../support/cli.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';

const model = {
  name: 'news',
  folder: '/models/news',
  isLoaded: true,
  isVerified: true,
  precision: 'int8',
  bytes: 1e9,
};
const fine: Findings = {
  models: [model],
  memory: 16e9,
  device: 'cpu',
  isOnCpu: true,
  cuda: 'no shared library',
  libraries: { areInstalled: false, missing: [] },
  hasNvidiaDriver: false,
  int8Saturates: false,
  flags: ["--models '/models'"],
};
const START = "Start the service: lsllama serve --models '/models'";

describe('adviceOn', () => {
  it('is to start the service where all is well, with the flags that were given', () => {
    expect(adviceOn(fine)).toEqual([START]);
    expect(adviceOn({ ...fine, flags: [] })).toEqual(['Start the service: lsllama serve']);
  });

  it.each([
    ['a GPU without libraries', { hasNvidiaDriver: true }, /GPU cannot be used\..*lsllama install-cuda$/],
    [
      'a GPU without the libraries of CUDA',
      { hasNvidiaDriver: true, libraries: { areInstalled: true, missing: ['libcudnn.so.9'] } },
      /lacks libcudnn\.so\.9\. .*cuda-libraries-13-0/,
    ],
    [
      'a GPU that does not work for another reason',
      { hasNvidiaDriver: true, libraries: { areInstalled: true, missing: [] } },
      /^The GPU cannot be used\.$/,
    ],
    ['a GPU that is not used', { hasNvidiaDriver: true, cuda: 'ok' }, /--device cuda/],
    ['a device that does not work', { device: 'cuda:1' }, /--device cuda:1 does not work here.*no driver/],
    ['models over the memory', { memory: 1e9 }, /need some 1\.9 GB, and 1\.0 GB can be used/],
    ['a processor on which int8 saturates', { int8Saturates: true }, /float32/],
    ['a model that was not verified', { models: [{ ...model, isVerified: false }] }, /news.*--no-verify/],
  ])('tells of %s, and then to start the service', (_, changes, expected) => {
    expect(adviceOn({ ...fine, ...changes })).toEqual([expect.stringMatching(expected), START]);
  });

  it('says nothing of int8 where no model has it, or of the memory of the CPU on a GPU', () => {
    const float = { ...model, precision: 'float32' };
    expect(adviceOn({ ...fine, models: [float], int8Saturates: true })).toEqual([START]);
    const gpu = { device: 'auto', isOnCpu: false, cuda: 'ok', hasNvidiaDriver: true };
    expect(adviceOn({ ...fine, ...gpu, memory: 1e9 })).toEqual([START]);
  });

  it('is to inspect a model that does not load, unless it is the device that does not work', () => {
    const broken = { ...model, name: 'names', folder: "/models/it's", isLoaded: false };
    const inspect =
      "names does not load, for the reason above. See what its folder holds: lsllama inspect '/models/it'\\''s'";
    expect(adviceOn({ ...fine, models: [model, broken] })).toEqual([
      inspect,
      expect.stringMatching(/without the models that do not load/),
    ]);
    expect(adviceOn({ ...fine, models: [broken] })).toEqual([inspect, 'No model can be served yet.']);
    expect(adviceOn({ ...fine, models: [broken], device: 'cuda' })).toEqual([
      expect.stringMatching(/--device cuda does not work here/),
      'No model can be served yet.',
    ]);
  });
});

describe('doctor', () => {
  const models = temporaryFolder();

  it('ends in advice', async () => {
    await exportCheckpoint('ls_llama_seq', models);
    mkdirSync(`${models}/broken`);
    writeFileSync(`${models}/broken/recipe.json`, '{}');
    const { status, stdout } = lsllama(['doctor', '--models', models]);
    expect(status).toBe(1);
    const advice = stdout.slice(stdout.indexOf('\nadvice\n'));
    expect(advice).toContain(
      `broken does not load, for the reason above. See what its folder holds: lsllama inspect '${models}/broken'`,
    );
    expect(advice).toContain(`lsllama serve --models '${models}'`);
    const { stdout: json } = lsllama(['doctor', '--models', models, '--json']);
    for (const line of JSON.parse(json).advice as string[]) expect(advice).toContain(line);
  });
});
