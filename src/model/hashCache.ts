// The SHA-256 of files, by path. Recipes often share a base, and hashing a base of gigabytes takes many seconds. So this
// process hashes a file once, and a file in the cache folder keeps the hashes for the next process.

import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { parseJson } from '../json.js';
import { writeWholeFile } from '../wholeFile.js';
import { hashFile } from './hash.js';
import { fileStamp } from './stamp.js';

interface KnownHash {
  /** Changes whenever the file does. */
  readonly stamp: string;
  readonly sha256: Promise<string>;
  /** The hash itself, once it is computed. */
  value?: string;
}

const known = new Map<string, KnownHash>();

/** Hidden, because everything else in the cache is a model folder. */
const KEPT_HASHES = '.hashes.json';

/**
 * The SHA-256 of the file at `path`, as hex. `onBytes` is called with the bytes hashed since its last call: with all of
 * them at once where the hash is known. Throws UserError where there is no such file, or it cannot be read.
 */
export async function cachedHash(path: string, onBytes: (bytes: number) => void): Promise<string> {
  if (!existsSync(path)) throw new UserError(`${path}: no such file`);
  const { size } = statSync(path);
  const stamp = fileStamp(path);
  const found = known.get(path);
  if (found?.stamp === stamp) {
    const sha256 = await found.sha256;
    onBytes(size);
    return sha256;
  }
  const entry: KnownHash = { stamp, sha256: hash(path, onBytes) };
  known.set(path, entry);
  try {
    entry.value = await entry.sha256;
    return entry.value;
  } catch (error) {
    // The next call tries again.
    known.delete(path);
    throw error;
  }
}

async function hash(path: string, onBytes: (bytes: number) => void): Promise<string> {
  try {
    return await hashFile(path, onBytes);
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Reads the hashes that an earlier process kept in the folder `cache`. Does nothing where there are none. */
export function loadHashes(cache: string): void {
  for (const [path, entry] of Object.entries(readKept(cache))) {
    if (known.has(path) || !isJsonObject(entry)) continue;
    const { stamp, sha256 } = entry;
    if (typeof stamp !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) continue;
    known.set(path, { stamp, sha256: Promise.resolve(sha256), value: sha256 });
  }
}

/**
 * Writes the hashes that this process has computed so far into the folder `cache`. Where it cannot be written, the next
 * process hashes again.
 */
export function saveHashes(cache: string): void {
  const computed = [...known].filter(([, { value }]) => value !== undefined);
  const entries = computed.map(([path, { stamp, value }]) => [path, { stamp, sha256: value }]);
  const kept = readKept(cache);
  const content = JSON.stringify({ ...kept, ...Object.fromEntries(entries) });
  if (content === JSON.stringify(kept)) return;
  const file = join(cache, KEPT_HASHES);
  try {
    mkdirSync(cache, { recursive: true });
    writeWholeFile(file, content);
  } catch {
    // The files are hashed again the next time.
  }
}

function readKept(cache: string): Readonly<Record<string, unknown>> {
  try {
    const kept = parseJson(readFileSync(join(cache, KEPT_HASHES), 'utf8'));
    return isJsonObject(kept) ? kept : {};
  } catch {
    return {};
  }
}
