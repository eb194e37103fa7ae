// openapi.yaml is the source of the HTTP types, and carries the package's version.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../dist/version.js';
import { ROOT } from '../support/fixtures.js';

it('the generated types are the output of npm run openapi:types', () => {
  const args = ['--workspace', 'openapi-types', 'run', 'generate', '--', '--check'];
  const { status, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});

it('openapi.yaml has the version of the package', () => {
  expect(parse(readFileSync(`${ROOT}/openapi.yaml`, 'utf8')).info.version).toBe(VERSION);
});
