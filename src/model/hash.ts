// SHA-256 of a file, computed in a thread of its own. Gigabytes take seconds, which the export spends on merging.

import { Worker } from 'node:worker_threads';

const THREAD = new URL('./hashThread.js', import.meta.url);

/** The SHA-256 of the file at `path`, as hex. Rejects with the file system's error where it cannot be read. */
export function hashFile(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, { workerData: path });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', code => reject(new Error(`the thread that hashes ${path} ended with code ${code}`)));
  });
}
