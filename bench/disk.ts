// Free space on disk, for benchmarks that write large files.

import { statfsSync } from 'node:fs';
import { program } from 'commander';

/** Ends the program with an error unless the disk of `folder` has `bytes` free. */
export function requireFree(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  program.error(`error: ${folder}: expected ${gigabytes(bytes)} free on its disk, found ${gigabytes(free)}`);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
