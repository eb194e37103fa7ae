// The shared libraries that a library needs, as the dynamic linker of Linux finds them.

import { execFileSync } from 'node:child_process';

/** The names of needed libraries that are not found on this machine. Empty where there is no `ldd`, as in some images. */
export function missingLibraries(library: string): string[] {
  let listing: string;
  try {
    listing = execFileSync('ldd', [library], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return [];
  }
  return [...listing.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name!);
}
