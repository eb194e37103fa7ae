// What goes into an export, by content: the same ingredients give the same version, wherever they lie.

import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { adapterFiles } from '../checkpoint/adapter.js';
import { baseFiles } from '../checkpoint/base.js';
import { UserError } from '../errors.js';
import { TOKENIZER, TOKENIZER_CONFIG } from '../text/tokenizer.js';
import { VERSION } from '../version.js';
import type { Identity } from './manifest.js';
import type { ExportRequest } from './recipe.js';
import { tokenizerFolder } from './tokenizerFolder.js';

export interface Ingredients {
  readonly base: Identity;
  readonly adapters: readonly Identity[];
  /** SHA-256 over the identities, the tokenizer, the request's options and the exporter's version, as hex. */
  readonly key: string;
}

/** Hashes every file that goes into an export. Throws UserError where one is missing. */
export function ingredientsOf(request: ExportRequest): Ingredients {
  const { base, adapters, tokenizer: _, ...options } = request;
  const baseIdentity = { name: basename(base), sha256: hashFiles(baseFiles(base)) };
  const adapterIdentities = adapters.map(folder => ({
    name: basename(folder),
    sha256: hashFiles(adapterFiles(folder)),
  }));
  const tokenizer = hashFiles(tokenizerFiles(tokenizerFolder(request)));
  const ingredients = [
    VERSION,
    baseIdentity.sha256,
    adapterIdentities.map(adapter => adapter.sha256),
    tokenizer,
    Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  const key = createHash('sha256').update(JSON.stringify(ingredients)).digest('hex');
  return { base: baseIdentity, adapters: adapterIdentities, key };
}

/** The files that decide how text becomes tokens. */
export function tokenizerFiles(folder: string): string[] {
  return [TOKENIZER, TOKENIZER_CONFIG].map(name => join(folder, name)).filter(path => existsSync(path));
}

/** SHA-256 of the files' names and contents, in order. */
function hashFiles(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 20);
  for (const path of paths) {
    hash.update(`${basename(path)}\0`);
    if (!existsSync(path)) throw new UserError(`${path}: no such file`);
    const descriptor = openSync(path, 'r');
    try {
      for (let count = readSync(descriptor, chunk); count > 0; count = readSync(descriptor, chunk)) {
        hash.update(chunk.subarray(0, count));
      }
    } finally {
      closeSync(descriptor);
    }
  }
  return hash.digest('hex');
}
