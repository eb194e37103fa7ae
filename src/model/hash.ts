// SHA-256 of a file, computed outside the caller's thread. Gigabytes take seconds, and others go on meanwhile.

import { webcrypto } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

const THREAD = new URL('./hashThread.js', import.meta.url);

/** A file of up to this size is read in one piece; a larger one has a thread of its own. */
const SMALL_FILE_BYTES = 1 << 24;

/** A message of the thread: the bytes that it has hashed since the last one, or the hash. */
export type HashMessage = { readonly bytes: number } | { readonly sha256: string };

/**
 * The SHA-256 of the file at `path`, as hex. `onBytes` is called with the bytes hashed since its last call.
 * Rejects with the file system's error where the file cannot be read.
 */
export async function hashFile(path: string, onBytes: (bytes: number) => void = () => {}): Promise<string> {
  const { size } = await stat(path);
  if (size > SMALL_FILE_BYTES) return hashInThread(path, onBytes);
  const bytes = await readFile(path);
  onBytes(bytes.length);
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

function hashInThread(path: string, onBytes: (bytes: number) => void): Promise<string> {
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
