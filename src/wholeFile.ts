// Writes files of which a reader sees the old content or the new one, and never a part.

import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file as a whole, beside the one that may be there and then in its place. A link stays, and the file that it
 * leads to is replaced. What is no file, such as /dev/stdout, is written to. Throws the error of the system, and leaves
 * nothing behind then.
 */
export function writeWholeFile(path: string, content: string): void {
  const folder = replacedIn(path);
  if (folder === undefined) {
    writeFileSync(path, content);
    return;
  }
  const name = basename(statOf(path) ? realpathSync(path) : path);
  // Processes that write the same file at the same time do not write into each other's.
  const partial = join(folder, `.${name}-${process.pid}`);
  try {
    writeFileSync(partial, content);
    renameSync(partial, join(folder, name));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** The folder in which writeWholeFile makes a file anew. Undefined for what is no file, which it writes to. */
export function replacedIn(path: string): string | undefined {
  const found = statOf(path);
  if (found && !found.isFile()) return undefined;
  return dirname(found ? realpathSync(path) : path);
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false });
}
