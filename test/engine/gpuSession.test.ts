// What loading a model on a GPU does, as far as it needs no GPU: nodes that run elsewhere are found in ONNX Runtime's
// profile, and a grid whose length is rounded up gives the same logits.

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { batchTensors, packBatch } from '../../dist/engine/batch.js';
import { createGpuSession, nodesElsewhere } from '../../dist/engine/gpuSession.js';
import { exportModel } from '../../dist/model/export.js';
import { MODEL_FILE } from '../../dist/onnx/contract.js';
import { type ProfiledNode, readProfile } from '../../dist/onnx/profile.js';
import { createSession, type InferenceSession } from '../../dist/onnx/runtime.js';
import { temporaryFolder, worstDifference } from '../support/fixtures.js';
import { matrixCases } from '../support/matrix.js';

const CPU = { device: 'cpu', threads: 1 };
const CASES = matrixCases().filter(({ name }) =>
  ['gemma3_causal', 'gemma2_tagger', 'llama_causal', 'llama_bidirectional_mean'].includes(name),
);
const out = temporaryFolder();
const pathOf = (name: string) => join(out, name, MODEL_FILE);

beforeAll(async () => {
  for (const { name, request } of CASES) await exportModel(request, join(out, name));
});

const sequenceOf = (length: number) => ({
  ids: Int32Array.from({ length }, (_, i) => (7 * i + length) % 50),
  headPositions: Int32Array.of(length - 1),
});
const run = (session: InferenceSession, lengthStep: number) =>
  session.run(batchTensors(packBatch([3, 11, 5].map(sequenceOf), lengthStep), session.inputNames));

it.each(CASES.map(({ name }) => name))('%s: a grid of rounded length gives the same logits', async name => {
  const session = await createSession(pathOf(name), CPU);
  const exact = (await run(session, 1)).logits!;
  const rounded = (await run(session, 8)).logits!;
  expect(rounded.dims).toEqual(exact.dims);
  expect(worstDifference(exact.data as Float32Array, rounded.data as Float32Array)).toBeLessThan(1e-5);
  await session.release();
});

it('the length of a grid is rounded up', () => {
  const { sizes, inputs } = packBatch([3, 11, 5].map(sequenceOf), 8);
  expect(sizes).toMatchObject({ tokens: 19, length: 16 });
  expect([...inputs.row_slots]).toEqual(
    [0, 1, 2, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 32, 33, 34, 35, 36].map(BigInt),
  );
});

it('a graph whose nodes run elsewhere is refused, with their names', async () => {
  const before = readdirSync(tmpdir());
  await expect(createGpuSession(pathOf('llama_causal'), CPU, session => run(session, 8))).rejects.toThrow(
    /^expected every node on the GPU, found \d+ for which it has no kernel: (\S+ \S+, ){4}Gemm layers\S+ and \d+ more\. Export the model with --precision float16$/,
  );
  expect(readdirSync(tmpdir()).filter(name => name.startsWith('lsllama-profile-'))).toEqual(
    before.filter(name => name.startsWith('lsllama-profile-')),
  );
});

it('shapes and masks may be computed on the CPU', async () => {
  const nodes = await profiled('gemma3_causal');
  const elsewhere = nodesElsewhere(nodes, 'CUDAExecutionProvider');
  const allowed = nodes.filter(node => !elsewhere.includes(node));
  expect(new Set(allowed.map(({ operator }) => operator))).toEqual(
    new Set(['Shape', 'Gather', 'Range', 'Unsqueeze', 'Sub', 'GreaterOrEqual', 'Less', 'And']),
  );
  expect(allowed.every(({ name }) => name.startsWith('window_'))).toBe(true);
  expect(elsewhere.map(({ name }) => name)).toContain('layers.0.self_attn.q_proj');
  expect(nodesElsewhere(nodes, 'CPUExecutionProvider')).toEqual([]);
});

async function profiled(name: string): Promise<ProfiledNode[]> {
  const folder = temporaryFolder();
  const session = await createSession(pathOf(name), CPU, { profilePrefix: join(folder, 'profile') });
  await run(session, 8);
  session.endProfiling();
  await session.release();
  return readProfile(join(folder, readdirSync(folder)[0]!));
}
