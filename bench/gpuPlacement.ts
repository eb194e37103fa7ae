// Where ONNX Runtime runs each node of a model folder's graph, and what it says about its kernels for attention.
// Prints JSON: the number of nodes by provider, and the names of those elsewhere than on the GPU. ONNX Runtime's log,
// which names the kernels, goes to standard error.
// usage: npx tsx bench/gpuPlacement.ts FOLDER DEVICE

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, InferenceSession } from 'onnxruntime-node';
import { batchTensors, packBatch } from '../dist/engine/batch.js';
import { nodesElsewhere } from '../dist/engine/gpuSession.js';
import { readManifest } from '../dist/model/manifest.js';
import { MODEL_FILE } from '../dist/onnx/contract.js';
import { readProfile } from '../dist/onnx/profile.js';
import { sampleSequences } from '../dist/predictor/budget.js';

/** Tokens of the pass, in sequences of 64. */
const TOKENS = 1024;

const [folder, device] = process.argv.slice(2) as [string, string];
env.logLevel = 'verbose';
const out = mkdtempSync(join(tmpdir(), 'placement-'));
const session = await InferenceSession.create(join(folder, MODEL_FILE), {
  executionProviders: [device],
  enableProfiling: true,
  profileFilePrefix: join(out, 'profile'),
  logSeverityLevel: 0,
});
const batch = packBatch(sampleSequences(readManifest(folder), TOKENS));
await session.run(batchTensors(batch, session.inputNames));
session.endProfiling();
const nodes = readProfile(join(out, readdirSync(out)[0]!));
rmSync(out, { recursive: true });
const providers: Record<string, number> = {};
for (const { provider } of nodes) providers[provider] = (providers[provider] ?? 0) + 1;
const elsewhere = nodesElsewhere(nodes, 'CUDAExecutionProvider').map(
  ({ operator, name }) => `${operator} ${name}`,
);
process.stdout.write(`${JSON.stringify({ providers, elsewhere })}\n`);
