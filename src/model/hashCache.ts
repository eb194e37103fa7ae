// The SHA-256 of files, by path. Recipes often share a base, and hashing a base of gigabytes takes many seconds. So this
// process hashes a file once, and a file in the cache folder keeps the hashes for the next process.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { hashFile } from './hash.js';

interface KnownHash {
  /** Changes whenever the file does. */
  readonly stamp: string;
  readonly sha256: Promise<string>;
}

const known = new Map<string, KnownHash>();

/** Hidden, because everything else in the cache is a model folder. */
const KEPT_HASHES = '.hashes.json';

/** A file of up to this size is read in one piece and hashed in this thread; a larger one has a thread of its own. */
const SMALL_FILE_BYTES = 1 << 24;

/**
 * The SHA-256 of the file at `path`, as hex. `onBytes` is called with the bytes hashed since its last call: with all of
 * them at once where the hash is known. Throws UserError where there is no such file.
 */
export async function cachedHash(path: string, onBytes: (bytes: number) => void): Promise<string> {
  if (!existsSync(path)) throw new UserError(`${path}: no such file`);
  const { size, mtimeMs, ctimeMs, ino } = statSync(path);
  // A program can set a file's time of modification, but not its time of change (ctime).
  const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  const found = known.get(path);
  if (found?.stamp === stamp) {
    const sha256 = await found.sha256;
    onBytes(size);
    return sha256;
  }
  const sha256 = size > SMALL_FILE_BYTES ? hashFile(path, onBytes) : hashSmallFile(path, onBytes);
  known.set(path, { stamp, sha256 });
  return sha256;
}

async function hashSmallFile(path: string, onBytes: (bytes: number) => void): Promise<string> {
  const bytes = await readFile(path);
  onBytes(bytes.length);
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads the hashes that an earlier process kept in the folder `cache`. Where there are none, nothing is read. */
export function loadHashes(cache: string): void {
  for (const [path, entry] of Object.entries(readKept(cache))) {
    if (known.has(path) || !isJsonObject(entry)) continue;
    const { stamp, sha256 } = entry;
    if (typeof stamp !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) continue;
    known.set(path, { stamp, sha256: Promise.resolve(sha256) });
  }
}

/** Keeps this process's hashes in the folder `cache`. Where that cannot be written, the next process hashes again. */
export async function saveHashes(cache: string): Promise<void> {
  const entries: Record<string, unknown> = {};
  for (const [path, { stamp, sha256 }] of known) entries[path] = { stamp, sha256: await sha256 };
  const content = JSON.stringify({ ...readKept(cache), ...entries });
  const file = join(cache, KEPT_HASHES);
  const partial = `${file}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
  } catch {
    return;
  }
  try {
    writeFileSync(partial, content);
    renameSync(partial, file);
  } catch {
    rmSync(partial, { force: true });
  }
}

function readKept(cache: string): Readonly<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(readFileSync(join(cache, KEPT_HASHES), 'utf8'));
    return isJsonObject(kept) ? kept : {};
  } catch {
    return {};
  }
}
