// The package as npm packs it, installed into an empty folder by the command that the README gives.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { CHECKPOINTS, ROOT, readJson, temporaryFolder } from './support/fixtures.js';

const work = temporaryFolder();
const user = join(work, 'user');
const installed = join(user, 'node_modules/lsllama');
const { version } = readJson(join(ROOT, 'package.json')) as { version: string };

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed;

/** Runs a program in a folder. Throws what it wrote where it fails. */
function run(folder: string, program: string, ...args: string[]): string {
  // Settings of the `npm` that runs the tests reach its children as variables, and would win over a user's own.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...Object.fromEntries(env), LSLLAMA_CACHE: join(work, 'cache') },
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  [packed] = JSON.parse(run(ROOT, 'npm', 'pack', '--json', '--pack-destination', work));
  mkdirSync(user);
  run(user, 'npm', 'install', '--prefer-offline', '--no-audit', join(work, packed.filename));
}, 600_000);

it('holds the built code, the models and the bundled runtime, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  const within = (folder: string) => paths.filter(path => path.startsWith(`${folder}/`));
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const built = sources
    .filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map(path => `dist/${path.replace(/\.ts$/, '.js')}`);
  const types = ['client', 'openapi'].map(name => `dist/client/${name}.d.ts`);
  expect(within('dist').sort()).toEqual([...built, ...types].sort());
  const runtime = 'node_modules/onnxruntime-node';
  expect(
    within(runtime)
      .filter(path => path.includes('/bin/'))
      .sort(),
  ).toEqual([
    `${runtime}/bin/napi-v6/darwin/arm64/libonnxruntime.1.dylib`,
    `${runtime}/bin/napi-v6/darwin/arm64/onnxruntime_binding.node`,
    `${runtime}/bin/napi-v6/linux/arm64/libonnxruntime.so.1`,
    `${runtime}/bin/napi-v6/linux/arm64/onnxruntime_binding.node`,
    `${runtime}/bin/napi-v6/linux/x64/libonnxruntime.so.1`,
    `${runtime}/bin/napi-v6/linux/x64/onnxruntime_binding.node`,
  ]);
  const models = run(ROOT, 'git', 'ls-files', 'models').trimEnd().split('\n');
  expect(within('models').sort()).toEqual(models.sort());
  const renderer = 'node_modules/swagger-ui-dist';
  expect(within(renderer).sort()).toEqual(
    [
      'LICENSE',
      'NOTICE',
      'README.md',
      'package.json',
      'swagger-ui-bundle.js',
      'swagger-ui-bundle.js.LICENSE.txt',
      'swagger-ui.css',
    ].map(name => `${renderer}/${name}`),
  );
  const pages = run(ROOT, 'git', 'ls-files', 'pages').trimEnd().split('\n');
  expect(within('pages').sort()).toEqual(pages.sort());
  const folders = ['dist', 'docs', 'models', 'pages', runtime, 'node_modules/onnxruntime-common', renderer];
  const others = paths.filter(path => !folders.some(folder => path.startsWith(`${folder}/`)));
  expect(others.sort()).toEqual(
    [
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'openapi.yaml',
      'package.json',
    ].sort(),
  );
  // The greatest part is the base model: 98 MB that hardly compress.
  expect(packed.size).toBeLessThan(160e6);
});

it('puts the runtime of the clone back as it was', () => {
  const runtime = join(ROOT, 'node_modules/onnxruntime-node');
  expect(readJson(join(runtime, 'package.json'))).toMatchObject({
    scripts: { postinstall: expect.any(String) },
  });
  expect(readdirSync(runtime).filter(name => name.startsWith('package.json'))).toEqual(['package.json']);
});

it('needs no install script and no package of the developers', () => {
  const { scripts } = readJson(join(installed, 'node_modules/onnxruntime-node/package.json')) as {
    scripts?: object;
  };
  expect(scripts).toBeUndefined();
  for (const name of ['typescript', 'tsx', 'adm-zip', 'global-agent']) {
    expect(existsSync(join(user, 'node_modules', name))).toBe(false);
  }
});

it('answers to its name', () => {
  expect(run(user, 'npx', 'lsllama', '--version')).toBe(`${version}\n`);
  expect(run(user, 'npx', 'lsllama', '--help')).toContain('Usage: lsllama');
  expect(statSync(join(installed, 'dist/cli.js')).mode & 0o111).not.toBe(0);
});

it('has a client for programs', () => {
  const program = `import { createClient } from 'lsllama/client'; console.log(typeof createClient({ baseUrl: 'http://a' }).POST)`;
  expect(run(user, 'node', '--input-type=module', '--eval', program)).toBe('function\n');
});

it('exports a model and predicts with it', () => {
  const { base, adapter } = {
    base: `${CHECKPOINTS}/ls_llama_seq/base`,
    adapter: `${CHECKPOINTS}/ls_llama_seq/adapter`,
  };
  run(user, 'npx', 'lsllama', 'export', '--base', base, '--adapter', adapter, '--out', 'model');
  const input = join(ROOT, 'test/fixtures/shipped/news.jsonl');
  expect(run(user, 'npx', 'lsllama', 'predict', 'model', '--input', input)).toContain('"label"');
});
