// Writes files of which a reader sees the old content or the new one, and never a part.

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file as a whole, beside the one that may be there and then in its place. Throws the error of the system, and
 * leaves nothing behind then.
 */
export function writeWholeFile(path: string, content: string): void {
  // Processes that write the same file at the same time do not write into each other's.
  const partial = join(dirname(path), `.${basename(path)}-${process.pid}`);
  try {
    writeFileSync(partial, content);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
