// The identity of an export: a hash over the content of everything that goes into it. The same files and options give
// the same version, wherever the files lie.

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { adapterFiles } from '../checkpoint/adapter.js';
import { baseFiles } from '../checkpoint/base.js';
import { VERSION } from '../version.js';
import { cachedHash } from './hashCache.js';
import type { Identity } from './manifest.js';
import { splitReading } from './reading.js';
import type { DeviceRequest } from './recipe.js';
import { chooseTokenizer } from './tokenizerChoice.js';
import { locateTokenizer, tokenizerFilesAt } from './tokenizerLocation.js';

export interface Ingredients {
  readonly base: Identity;
  readonly adapters: readonly Identity[];
  /** SHA-256 over the identities, the tokenizer, the request's options and the exporter's version, as hex. */
  readonly key: string;
}

/** The paths of the files that go into an export. Throws UserError where one cannot be found. */
export function ingredientFiles(request: DeviceRequest) {
  return {
    base: baseFiles(request.base),
    adapters: request.adapters.map(adapterFiles),
    tokenizer: tokenizerFilesAt(locateTokenizer(request)),
  };
}

/**
 * Hashes every file that goes into an export. The reading of its logits does not. `onProgress` is called with the bytes hashed so far and the total.
 * Throws UserError where a file is missing.
 */
export async function ingredientsOf(
  request: DeviceRequest,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Ingredients> {
  const {
    base,
    adapters,
    tokenizer: _tokenizer,
    tokenizerAsWritten: _asked,
    ...options
  } = splitReading(request).request;
  const {
    base: filesOfBase,
    adapters: filesOfAdapters,
    tokenizer: filesOfTokenizer,
  } = ingredientFiles(request);
  const total = sizeOf([...filesOfBase, ...filesOfAdapters.flat(), ...filesOfTokenizer]);
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    onProgress(done, total);
  };
  const identity = async (path: string, files: readonly string[]) => ({
    name: basename(path),
    sha256: await hashFiles(files, onBytes),
  });
  const baseIdentity = await identity(base, filesOfBase);
  const adapterIdentities = await Promise.all(
    adapters.map((folder, i) => identity(folder, filesOfAdapters[i]!)),
  );
  const hashed = [
    VERSION,
    baseIdentity.sha256,
    adapterIdentities.map(adapter => adapter.sha256),
    await hashFiles(filesOfTokenizer, onBytes),
    Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)),
    ...(chooseTokenizer(request).asWritten ? ['tokenizer as written'] : []),
  ];
  const key = createHash('sha256').update(JSON.stringify(hashed)).digest('hex');
  return { base: baseIdentity, adapters: adapterIdentities, key };
}

/** SHA-256 over the files' names and contents, in order. */
async function hashFiles(paths: readonly string[], onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${basename(path)}\0${await cachedHash(path, onBytes)}\0`);
  return hash.digest('hex');
}

/** The total size of files in bytes. A missing file counts as empty here; hashing it throws. */
function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
