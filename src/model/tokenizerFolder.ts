// Which tokenizer an export takes: the one that was named, else the adapter's, else the base's.

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adapterFolder } from '../checkpoint/adapter.js';
import { TOKENIZER } from '../text/tokenizer.js';
import type { ExportRequest } from './recipe.js';

/** The folder to look for tokenizer.json in. It may hold none: loading it says so. */
export function tokenizerFolder({ tokenizer, adapters, base }: ExportRequest): string {
  if (tokenizer) return tokenizer;
  const folders = adapters.flatMap(adapter => [adapter, adapterFolder(adapter)]);
  const trained = folders.findLast(folder => existsSync(join(folder, TOKENIZER)));
  if (trained) return trained;
  return existsSync(base) && statSync(base).isDirectory() ? base : dirname(base);
}
