// The packages that lsllama needs at run time, its dependencies and theirs, as package-lock.json has them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOCK = fileURLToPath(new URL('../package-lock.json', import.meta.url));

export interface RuntimePackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression: https://spdx.org/licenses */
  readonly license: string;
}

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  /** A workspace of this repository. */
  readonly link?: boolean;
}

/** In the order of their names. Throws an Error where a package has no licence. */
export function runtimePackages(): RuntimePackage[] {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link)
    .map(([path, { version, license }]) => {
      const name = path.split('node_modules/').at(-1)!;
      if (!license) throw new Error(`${name} ${version}: package-lock.json has no licence of it`);
      return { name, version, license };
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}
