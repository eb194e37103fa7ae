// Writes files of which a reader sees the old content or the new one, and never a part.

import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file as a whole, beside the one that may be there and then in its place. A link stays, and the file that it
 * leads to is replaced. What is no file, such as /dev/stdout, is written to. Throws the error of the system, and leaves
 * nothing behind then.
 */
export function writeWholeFile(path: string, content: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) {
    writeFileSync(path, content);
    return;
  }
  const file = found ? realpathSync(path) : path;
  // Processes that write the same file at the same time do not write into each other's.
  const partial = join(dirname(file), `.${basename(file)}-${process.pid}`);
  try {
    writeFileSync(partial, content);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
