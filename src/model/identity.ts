// The identity of an export: a hash over the content of everything that goes into it. The same files and options give
// the same version, wherever the files lie.

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { adapterFiles } from '../checkpoint/adapter.js';
import { baseFiles } from '../checkpoint/base.js';
import { VERSION } from '../version.js';
import { cachedHash } from './hashCache.js';
import type { Identity } from './manifest.js';
import type { ExportRequest } from './recipe.js';
import { locateTokenizer, tokenizerFilesAt } from './tokenizerLocation.js';

export interface Ingredients {
  readonly base: Identity;
  readonly adapters: readonly Identity[];
  /** SHA-256 over the identities, the tokenizer, the request's options and the exporter's version, as hex. */
  readonly key: string;
}

/** Hashes every file that goes into an export. Throws UserError where one is missing. */
export async function ingredientsOf(request: ExportRequest): Promise<Ingredients> {
  const { base, adapters, tokenizer: _, ...options } = request;
  const identity = async (path: string, files: readonly string[]) => ({
    name: basename(path),
    sha256: await hashFiles(files),
  });
  const baseIdentity = await identity(base, baseFiles(base));
  const adapterIdentities = await Promise.all(adapters.map(folder => identity(folder, adapterFiles(folder))));
  const hashed = [
    VERSION,
    baseIdentity.sha256,
    adapterIdentities.map(adapter => adapter.sha256),
    await hashFiles(tokenizerFilesAt(locateTokenizer(request))),
    Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  const key = createHash('sha256').update(JSON.stringify(hashed)).digest('hex');
  return { base: baseIdentity, adapters: adapterIdentities, key };
}

/** SHA-256 over the files' names and contents, in order. */
async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${basename(path)}\0${await cachedHash(path)}\0`);
  return hash.digest('hex');
}
