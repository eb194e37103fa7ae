// A model folder appears completely or not at all, however the export ends.

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../dist/model/manifest.js';
import { CHECKPOINTS, ROOT, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const checkpoint = `${CHECKPOINTS}/ls_llama_seq`;

function exportArgs(out: string): string[] {
  const flags = ['--base', `${checkpoint}/base`, '--adapter', `${checkpoint}/adapter`, '--labels', 'a,b,c,d'];
  return [`${ROOT}/dist/cli.js`, 'export', ...flags, '--out', out];
}

describe('an export', () => {
  it('that is killed leaves no model folder, and the next one cleans up', async () => {
    const folder = `${work}/killed`;
    mkdirSync(folder);
    const out = `${folder}/model`;
    let killed = 0;
    for (const delay of [250, 300, 350, 400, 450, 500, 550, 600]) {
      const child = spawn(process.execPath, [...exportArgs(out), '--force'], { stdio: 'ignore' });
      const exit = once(child, 'exit');
      await sleep(delay);
      if (child.kill('SIGKILL')) killed++;
      await exit;
      // The folder is complete or absent.
      if (existsSync(out)) readManifest(out);
    }
    expect(killed).toBeGreaterThan(0);
    const { status, stderr } = spawnSync(process.execPath, [...exportArgs(out), '--force']);
    expect(status, String(stderr)).toBe(0);
    expect(readManifest(out).labels).toHaveLength(4);
    expect(readdirSync(folder)).toEqual(['model']);
  });

  it('that was killed while it replaced a model leaves the old one, which the next export puts back', () => {
    const folder = `${work}/replaced`;
    // No process has this number: it is above the greatest that Linux gives.
    const old = `${folder}/.model~${hostname()}~4194305~abcdef-old`;
    mkdirSync(old, { recursive: true });
    writeFileSync(`${old}/model.json`, 'the old model');
    const { status } = shell(`trap '' XFSZ; ulimit -f 8; exec "$@"`, exportArgs(`${folder}/model`));
    expect(status).toBe(1);
    expect(readdirSync(folder)).toEqual(['model']);
    expect(readFileSync(`${folder}/model/model.json`, 'utf8')).toBe('the old model');
  });

  it('removes nothing of another model whose name begins alike', () => {
    const folder = `${work}/alike`;
    const other = `${folder}/.model-large~elsewhere~4194305~abcdef`;
    mkdirSync(other, { recursive: true });
    utimesSync(other, 0, 0);
    expect(spawnSync(process.execPath, exportArgs(`${folder}/model`)).status).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['.model-large~elsewhere~4194305~abcdef', 'model']);
  });

  it('that runs out of space says so and leaves nothing', () => {
    const folder = `${work}/full`;
    mkdirSync(folder);
    // Files may not grow beyond 8 blocks of 1 KiB. The signal that comes with it is ignored, so that writing fails as it
    // does on a full disk.
    const { status, stderr } = shell(`trap '' XFSZ; ulimit -f 8; exec "$@"`, exportArgs(`${folder}/model`));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: .*model: cannot be written: a file would be larger than is allowed\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('to a path where no folder can be made ends with an error', () => {
    const { status, stderr } = spawnSync(process.execPath, exportArgs('/proc/absent/model'), {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect([status, stderr]).toEqual([
      1,
      'error: /proc/absent/model: cannot be written: no folder can be made there\n',
    ]);
  });

  it('makes a folder with the permissions that the umask leaves', () => {
    const { status } = shell('umask 022; exec "$@"', exportArgs(`${work}/shared`));
    expect(status).toBe(0);
    expect(statSync(`${work}/shared`).mode & 0o777).toBe(0o755);
  });
});

function shell(script: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], { encoding: 'utf8' });
}
