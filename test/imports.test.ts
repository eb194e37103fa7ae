// The rules of imports: which room of `src/` may import which. They stand in biome.json, and `npm run lint` applies
// them. Each of these imports breaks one.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, temporaryFolder } from './support/fixtures.js';

const work = temporaryFolder();

const FORBIDDEN: readonly (readonly [file: string, imported: string])[] = [
  ['src/server/app.ts', 'onnxruntime-node'],
  ['src/server/app.ts', '../onnx/runtime.js'],
  ['src/server/app.ts', '../commands/serve.js'],
  ['src/server/routes/ner.ts', '../../graph/write.js'],
  ['src/server/routes/ner.ts', '../../kernels/kernel.js'],
  ['src/server/serve.ts', '../calibrate/calibrate.js'],
  ['src/server/serve.ts', '../verify/verify.js'],
  ['src/predictor/runtime.ts', 'onnxruntime-node'],
  ['src/predictor/runtime.ts', '../commands/serve.js'],
  ['src/graph/heads.ts', 'onnx-buf'],
  ['src/graph/heads.ts', '@bufbuild/protobuf'],
  ['src/graph/heads.ts', '../engine/batch.js'],
  ['src/graph/heads.ts', '../model/manifest.js'],
  ['src/engine/engine.ts', '../scheduler/scheduler.js'],
  ['src/engine/engine.ts', '../predictor/predictor.js'],
  ['src/engine/engine.ts', '../server/app.js'],
  ['src/engine/engine.ts', '../text/tags.js'],
  ['src/server/serve.ts', '../train/train.js'],
  ['src/gradient/rules.ts', '../graph/decoder.js'],
  ['src/gradient/rules.ts', '../train/lora.js'],
  ['src/checkpoint/merge.ts', '../graph/graph.js'],
  ['src/checkpoint/merge.ts', '../text/tokenizer.js'],
  ['src/api/classify.ts', '../server/app.js'],
  ['src/compat/vllm.ts', 'express'],
  ['src/compat/vllm.ts', '../server/routes/predict.js'],
  ['src/client/client.ts', '../api/openapi.js'],
  ['src/scheduler/queue.ts', '../predictor/predictor.js'],
  ['src/text/tokenizer/json.ts', '../../checkpoint/files.js'],
  ['src/text/tags.ts', '../model/manifest.js'],
  ['src/loadtest/run.ts', '../server/app.js'],
  ['src/onnx/runtime.ts', '../commands/serve.js'],
];
const ALLOWED: readonly (readonly [file: string, imported: string])[] = [
  ['src/cli.ts', './commands/serve.js'],
  ['src/commands/serve.ts', './options.js'],
  ['src/server/app.ts', './routes/ner.js'],
  ['src/server/app.ts', '../predictor/predictor.js'],
  ['src/compat/vllm.ts', '../api/classify.js'],
  ['src/onnx/runtime.ts', 'onnxruntime-node'],
  ['src/scheduler/scheduler.ts', '../engine/engines.js'],
  ['src/text/tokenizer/json.ts', '../../errors.js'],
  ['src/model/export.ts', '../graph/write.js'],
];

/** `file: statement` of every import that Biome refused, in a project that holds nothing but these imports. */
const refused = new Set<string>();

const statements = (imported: string) => [
  `import type { A } from '${imported}';`,
  `import { A } from '${imported}';`,
  `export * from '${imported}';`,
  `await import('${imported}');`,
];

beforeAll(() => {
  const files = new Map<string, string[]>();
  for (const [file, imported] of [...FORBIDDEN, ...ALLOWED]) {
    files.set(file, [...(files.get(file) ?? []), ...statements(imported)]);
  }
  copyFileSync(join(ROOT, 'biome.json'), join(work, 'biome.json'));
  for (const [file, lines] of files) {
    mkdirSync(dirname(join(work, file)), { recursive: true });
    writeFileSync(join(work, file), lines.join('\n'));
  }
  const options = [
    '--vcs-enabled=false',
    '--only=style/noRestrictedImports',
    '--reporter=json',
    '--max-diagnostics=none',
  ];
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/biome'), ['lint', ...options], {
    cwd: work,
    encoding: 'utf8',
  });
  for (const { location } of JSON.parse(stdout).diagnostics) {
    const { path, start } = location as { path: string; start: { line: number } };
    refused.add(`${path}: ${files.get(path)![start.line - 1]}`);
  }
});

it.each(FORBIDDEN)('%s may not import %s', (file, imported) => {
  for (const statement of statements(imported)) expect(refused).toContain(`${file}: ${statement}`);
});

it.each(ALLOWED)('%s may import %s', (file, imported) => {
  for (const statement of statements(imported)) expect(refused).not.toContain(`${file}: ${statement}`);
});
