// Signed model folders, with keys and signatures as OpenSSL writes and reads them.

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Manifest } from '../../dist/model/manifest.js';
import { readPublicKey } from '../../dist/model/signature.js';
import { Runtime } from '../../dist/predictor/runtime.js';
import { CHECKPOINTS, exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';

const work = temporaryFolder();
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: work, stdio: 'pipe' });
let exported: string;

beforeAll(async () => {
  exported = await exportCheckpoint('ls_llama_seq', work);
  for (const name of ['own', 'other']) {
    openssl('genpkey', '-algorithm', 'ed25519', '-out', `${name}.pem`);
    openssl('pkey', '-in', `${name}.pem`, '-pubout', '-out', `${name}.public.pem`);
  }
  openssl('genrsa', '-out', 'rsa.pem', '2048');
});

function lsllama(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/cli.js'), ...args], {
    cwd: work,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function copy(): string {
  rmSync(`${work}/copy`, { recursive: true, force: true });
  cpSync(exported, `${work}/copy`, { recursive: true });
  return `${work}/copy`;
}

async function load(path: string, key = 'own.public.pem'): Promise<void> {
  const runtime = new Runtime({
    device: 'cpu',
    cache: `${work}/cache`,
    requireSignature: readPublicKey(join(work, key)),
  });
  try {
    await runtime.load('model', path);
  } finally {
    runtime.close();
  }
}

it('a folder that was signed with the required key is loaded, and OpenSSL agrees', async () => {
  const folder = copy();
  expect(lsllama('sign', 'copy', '--key', 'own.pem')).toMatchObject({
    status: 0,
    stderr: 'copy is signed\n',
  });
  expect(lsllama('inspect', 'copy').stdout).toMatch(/^signature +signed/m);
  await load(folder);
  writeFileSync(`${work}/sig`, Buffer.from(readFileSync(`${folder}/model.json.sig`, 'utf8'), 'base64'));
  openssl(
    ...'pkeyutl -verify -pubin -inkey own.public.pem -rawin -in copy/model.json -sigfile sig'.split(' '),
  );
});

it('a folder that is not signed, signed with another key or changed afterwards is refused', async () => {
  const folder = copy();
  expect(lsllama('inspect', 'copy').stdout).toMatch(/^signature +none/m);
  await expect(load(folder)).rejects.toThrow(
    'copy/model.json.sig: no such file: expected a signed model folder',
  );
  lsllama('sign', 'copy', '--key', 'other.pem');
  await expect(load(folder)).rejects.toThrow('copy/model.json.sig: the signature does not fit');
  lsllama('sign', 'copy', '--key', 'own.pem');
  const manifest = readFileSync(`${folder}/model.json`, 'utf8');
  writeFileSync(`${folder}/model.json`, manifest.replace('"name"', '"Name"'));
  await expect(load(folder)).rejects.toThrow('copy/model.json.sig: the signature does not fit');
  writeFileSync(`${folder}/model.json`, manifest);
  writeFileSync(`${folder}/added_tokens.json`, '{}');
  await expect(load(folder)).rejects.toThrow('copy/added_tokens.json: expected its SHA-256 in model.json');
});

it('a folder that has lost its signature is not loaded again after a crash', async () => {
  const folder = copy();
  lsllama('sign', 'copy', '--key', 'own.pem');
  const cache = temporaryFolder();
  const runtime = new Runtime({
    device: 'cpu',
    cache,
    requireSignature: readPublicKey(join(work, 'own.public.pem')),
  });
  try {
    await runtime.load('model', folder);
    rmSync(`${folder}/model.json.sig`);
    rmSync(cache, { recursive: true });
    const failed = once(runtime.engines, 'failed');
    for (const pid of enginePids()) process.kill(pid, 'SIGKILL');
    expect((await failed)[1]).toContain('model.json.sig: no such file');
  } finally {
    await runtime.close();
  }
});

it('serve does not start with a key that is none', () => {
  const refused = lsllama('serve', '--port', '0', '--require-signature', 'rsa.pem');
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('expected a public Ed25519 key'),
  });
});

it('a recipe is refused where signatures are required', async () => {
  const recipe = `${work}/recipe`;
  mkdirSync(recipe);
  writeFileSync(
    `${recipe}/recipe.json`,
    JSON.stringify({ base: join(CHECKPOINTS, 'ls_llama_seq/base'), adapter: [] }),
  );
  await expect(load(recipe)).rejects.toThrow('recipe: expected a signed model folder, found a recipe');
});

it('only an intact folder with hashes is signed, and only with an Ed25519 key', () => {
  const folder = copy();
  expect(lsllama('sign', 'copy', '--key', 'rsa.pem').stderr).toContain('found one of rsa');
  expect(lsllama('sign', 'copy', '--key', 'own.public.pem').stderr).toContain('found no such key');
  expect(lsllama('sign', 'copy', '--key', 'absent.pem')).toMatchObject({ status: 1 });
  const tokenizer = readFileSync(`${folder}/tokenizer.json`, 'utf8');
  writeFileSync(`${folder}/tokenizer.json`, ' '.repeat(Buffer.byteLength(tokenizer)));
  expect(lsllama('sign', 'copy', '--key', 'own.pem').stderr).toContain(
    'copy/tokenizer.json: expected SHA-256',
  );
  writeFileSync(`${folder}/tokenizer.json`, tokenizer);
  const { sha256: _, ...older } = JSON.parse(readFileSync(`${folder}/model.json`, 'utf8')) as Manifest;
  writeFileSync(`${folder}/model.json`, JSON.stringify(older));
  expect(lsllama('sign', 'copy', '--key', 'own.pem').stderr).toContain('expected the SHA-256 of each file');
});
