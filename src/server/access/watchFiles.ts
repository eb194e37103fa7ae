// Tells when files change: keys and certificates are renewed while the service runs.

import { watchFile } from 'node:fs';

/** Files are looked at this often. A look costs microseconds, and works on every file system and through links. */
const INTERVAL_MS = 1000;

/**
 * Calls `onChange` each time one of the files is written, replaced or removed, for as long as the process runs. The
 * process does not run any longer for it.
 */
export function watchFiles(files: readonly string[], onChange: () => void): void {
  for (const file of files) watchFile(file, { interval: INTERVAL_MS, persistent: false }, onChange);
}
