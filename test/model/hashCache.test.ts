// Hashes that are kept from process to process: a file that changed is hashed again, one that did not is not.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { saveHashes } from '../../dist/model/hashCache.js';
import { ROOT, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const path = `${work}/weights`;
const kept = `${work}/.hashes.json`;

/** The hash that a new process finds, after it has read the kept hashes; it then keeps its own. */
function hashInNewProcess(): string {
  const script = `
    import { cachedHash, loadHashes, saveHashes } from ${JSON.stringify(`${ROOT}/dist/model/hashCache.js`)};
    loadHashes(${JSON.stringify(work)});
    process.stdout.write(await cachedHash(${JSON.stringify(path)}, () => {}));
    saveHashes(${JSON.stringify(work)});`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

it('takes the kept hash of a file that has not changed', () => {
  writeFileSync(path, 'one');
  expect(hashInNewProcess()).toBe(sha256('one'));
  const entries = JSON.parse(readFileSync(kept, 'utf8')) as Record<string, { sha256: string }>;
  // A kept hash that is not the file's shows that the next process does not read the file.
  entries[path]!.sha256 = sha256('kept');
  writeFileSync(kept, JSON.stringify(entries));
  expect(hashInNewProcess()).toBe(sha256('kept'));
});

it('hashes a changed file again, even where its size and its time of modification are the same', () => {
  writeFileSync(path, 'one');
  expect(hashInNewProcess()).toBe(sha256('one'));
  const { atime, mtime } = statSync(path);
  writeFileSync(path, 'two');
  utimesSync(path, atime, mtime);
  expect(hashInNewProcess()).toBe(sha256('two'));
});

it('refuses a file that cannot be read, and keeps the hashes of the others', () => {
  const script = `
    import { cachedHash, saveHashes } from ${JSON.stringify(`${ROOT}/dist/model/hashCache.js`)};
    const refused = await cachedHash(${JSON.stringify(work)}, () => {}).catch(error => error);
    await cachedHash(${JSON.stringify(path)}, () => {});
    saveHashes(${JSON.stringify(work)});
    process.stdout.write(refused.name + ': ' + refused.message);`;
  writeFileSync(path, 'three');
  const refusal = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(refusal).toBe(`UserError: ${work}: cannot be read (EISDIR)`);
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ [path]: { sha256: sha256('three') } });
});

it.each(['', 'no JSON', '[]', '{"%": 7}', '{"%": {"stamp": "1", "sha256": "short"}}'])(
  'hashes as if nothing was kept where the file holds %j',
  content => {
    writeFileSync(kept, content.replace('%', path));
    expect(hashInNewProcess()).toBe(sha256(readFileSync(path, 'utf8')));
  },
);

it('hashes are not kept where the cache is no folder, and that is no error', () => {
  expect(() => saveHashes(path)).not.toThrow();
});
