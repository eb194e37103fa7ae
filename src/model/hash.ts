// SHA-256 of a file, computed in a thread of its own. Gigabytes take seconds, and the export merges meanwhile.

import { Worker } from 'node:worker_threads';

const THREAD = new URL('./hashThread.js', import.meta.url);

/** A message of the thread: the bytes that it has hashed since the last one, or the hash. */
export type HashMessage = { readonly bytes: number } | { readonly sha256: string };

/**
 * The SHA-256 of the file at `path`, as hex. `onBytes` is called with the bytes hashed since its last call.
 * Rejects with the file system's error where the file cannot be read.
 */
export function hashFile(path: string, onBytes: (bytes: number) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, { workerData: path });
    worker.on('message', (message: HashMessage) => {
      if ('bytes' in message) onBytes(message.bytes);
      else resolve(message.sha256);
    });
    worker.once('error', reject);
    worker.once('exit', code => reject(new Error(`the thread that hashes ${path} ended with code ${code}`)));
  });
}
