// Files of the project that have to agree with each other.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readJson } from './support/fixtures.js';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly hasInstallScript?: boolean }>
  >;
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifest = readJson(join(ROOT, 'package.json')) as Manifest;
const { packages } = readJson(join(ROOT, 'package-lock.json')) as Lock;

describe('package.json', () => {
  it('names one exact version of each dependency, the one that is locked', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
      expect(version, name).toBe(packages[`node_modules/${name}`]!.version);
  });
});

describe('package-lock.json', () => {
  // onnxruntime-node's script fails `npm ci` where nuget.org cannot be reached. npm 11 and older run a package's script
  // only where the lock says that there is one.
  it('says of no package that it has an install script', () => {
    const names = Object.keys(packages).filter(path => packages[path]!.hasInstallScript);
    expect(names, 'delete the lines "hasInstallScript": true from package-lock.json').toEqual([]);
  });
});

describe('CHANGELOG.md', () => {
  it('has a section for the version', () => {
    expect(read('CHANGELOG.md')).toContain(`\n## [${manifest.version}] - `);
  });
});
