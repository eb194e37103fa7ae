// SHA-256 of files, in a thread of its own: of gigabytes it takes seconds, which the export uses to merge.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** As hex. Throws what reading throws. */
export function hashFile(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: path });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', code => reject(new Error(`the hashing of ${path} ended with ${code}`)));
  });
}

function hashSync(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(1 << 22);
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const bytes = readSync(file, chunk);
      if (bytes === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(file);
  }
}

if (!isMainThread) parentPort!.postMessage(hashSync(workerData as string));
