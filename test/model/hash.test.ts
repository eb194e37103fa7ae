// SHA-256 of a file, computed in a thread.

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { hashFile } from '../../dist/model/hash.js';
import { ROOT, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();

it('gives the SHA-256 of files shorter and longer than one read', async () => {
  for (const bytes of [Buffer.from('abc'), Buffer.alloc((1 << 22) + 7, 5)]) {
    const path = `${work}/data`;
    writeFileSync(path, bytes);
    expect(await hashFile(path)).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
});

it('rejects where the file cannot be read', async () => {
  await expect(hashFile(`${work}/absent`)).rejects.toThrow(/ENOENT/);
});

it('posts nothing from another worker that imports it', async () => {
  const script = `import(${JSON.stringify(`${ROOT}/dist/model/hash.js`)}).then(() => process.exit(0))`;
  const worker = new Worker(script, { eval: true, workerData: `${ROOT}/package.json` });
  const messages: unknown[] = [];
  worker.on('message', message => messages.push(message));
  expect(await new Promise(resolve => worker.once('exit', resolve))).toBe(0);
  expect(messages).toEqual([]);
});
