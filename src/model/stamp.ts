// Notices that the files of a folder have changed, without reading them.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Changes whenever a file directly in the folder is written, replaced, added or removed. Empty where there is no such
 * folder.
 */
export function stampOf(folder: string): string {
  try {
    const names = readdirSync(folder).sort();
    return names.map(name => `${name} ${fileStamp(join(folder, name))}`).join('\n');
  } catch {
    return '';
  }
}

/** A program can set a file's time of modification, but not its time of change (ctime). */
export function fileStamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` : 'absent';
}
