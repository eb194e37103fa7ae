// The thread that hashes one file, whose path is its workerData. It posts the bytes of each chunk, then the SHA-256.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { HashMessage } from './hash.js';

const CHUNK_BYTES = 1 << 22;

const post = (message: HashMessage) => parentPort!.postMessage(message);

post({ sha256: hashSync(workerData as string) });

function hashSync(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const bytes = readSync(file, chunk);
      if (bytes === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytes));
      post({ bytes });
    }
  } finally {
    closeSync(file);
  }
}
