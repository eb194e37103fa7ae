// The libraries of CUDA are taken out of a wheel whole, or not at all. The wheels are from Python's zipfile module.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bindingFolder, unpackCudaLibraries, wheelForThisMachine } from '../../dist/onnx/cudaLibraries.js';
import { lsllama } from '../support/cli.js';
import { ROOT, temporaryFolder } from '../support/fixtures.js';

const root = temporaryFolder();
const WHEELS = join(ROOT, 'test/fixtures/wheels');
const RUNTIME = 'libonnxruntime.so.1';

let folders = 0;

/** A folder that looks like the binding's. */
function binding(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  writeFileSync(join(folder, RUNTIME), 'for CPUs');
  writeFileSync(join(folder, 'onnxruntime_binding.node'), 'binding');
  return folder;
}

it('puts the three libraries beside the binding', async () => {
  const folder = binding();
  await unpackCudaLibraries(join(WHEELS, 'whole.whl'), folder);
  const contents = readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]);
  expect(Object.fromEntries(contents)).toEqual({
    [RUNTIME]: 'runtime '.repeat(1000),
    'libonnxruntime_providers_cuda.so': 'cuda '.repeat(1000),
    'libonnxruntime_providers_shared.so': 'shared '.repeat(1000),
    'onnxruntime_binding.node': 'binding',
  });
});

it('changes nothing where the wheel lacks a library, or is damaged anywhere', async () => {
  const folder = binding();
  const whole = readFileSync(join(WHEELS, 'whole.whl'));
  const damaged = join(root, 'damaged.whl');
  const unchanged = async (wheel: string, message: RegExp) => {
    await expect(unpackCudaLibraries(wheel, folder)).rejects.toThrow(message);
    expect(readdirSync(folder).sort()).toEqual([RUNTIME, 'onnxruntime_binding.node']);
    expect(readFileSync(join(folder, RUNTIME), 'utf8')).toBe('for CPUs');
  };
  await unchanged(join(WHEELS, 'without-cuda.whl'), /expected onnxruntime\/capi\/.*_cuda\.so in it/);
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(damaged, whole.subarray(0, length));
    await unchanged(damaged, /damaged\.whl: expected a Python wheel/);
  }
});

it('is of the version of the binding', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(wheelForThisMachine().url).toContain(`/onnxruntime_gpu-${dependencies['onnxruntime-node']}-`);
  expect(readdirSync(bindingFolder())).toContain(RUNTIME);
});

it('refuses another wheel than the one that is known', () => {
  const { status, stderr } = lsllama(['install-cuda', '--wheel', join(WHEELS, 'whole.whl')]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(
      /whole\.whl: expected onnxruntime_gpu-.*\.whl with the SHA-256 \w{64}, found \w{64}/,
    ),
  });
  const missing = lsllama(['install-cuda', '--wheel', join(root, 'none.whl')]);
  expect(missing).toMatchObject({ status: 1, stderr: expect.stringMatching(/none\.whl: .*no such file/) });
});
