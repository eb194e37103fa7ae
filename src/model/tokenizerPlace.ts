// Which tokenizer an export takes: the one that was named, else the adapter's, else the one in the base's folder or
// beside the GGUF, else the GGUF's own.

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { adapterFolder } from '../checkpoint/adapter.js';
import { ggufFileOf } from '../checkpoint/base.js';
import { openGguf } from '../checkpoint/gguf.js';
import { UserError } from '../errors.js';
import {
  ggufTokenizer,
  readTokenizer,
  TOKENIZER,
  TOKENIZER_FILES,
  type TokenizerDefinition,
} from '../text/tokenizer.js';
import type { ExportRequest } from './recipe.js';

export interface TokenizerPlace {
  readonly kind: 'folder' | 'gguf';
  readonly path: string;
}

/** The folder may hold no tokenizer.json, and the file no tokenizer: reading it says so. */
export function tokenizerPlace(
  request: Pick<ExportRequest, 'tokenizer' | 'adapters' | 'base'>,
): TokenizerPlace {
  const { tokenizer, adapters, base } = request;
  if (tokenizer) return { kind: 'folder', path: tokenizer };
  const folders = adapters.flatMap(adapter => [adapter, adapterFolder(adapter)]);
  const trained = folders.findLast(folder => existsSync(join(folder, TOKENIZER)));
  if (trained) return { kind: 'folder', path: trained };
  const folder = existsSync(base) && statSync(base).isDirectory() ? base : dirname(base);
  const gguf = existsSync(join(folder, TOKENIZER)) ? undefined : ggufFileOf(base);
  return gguf ? { kind: 'gguf', path: gguf } : { kind: 'folder', path: folder };
}

/** Throws UserError where there is none, or it is broken or of a kind whose ids would not be exact. */
export function readTokenizerAt({ kind, path }: TokenizerPlace): TokenizerDefinition {
  if (kind === 'folder') return readTokenizer(path);
  const file = openGguf(path);
  file.close();
  try {
    return ggufTokenizer(file.metadata);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${basename(path)}, with no ${TOKENIZER} beside it: ${error.message}`);
  }
}

/** The files that decide how text becomes tokens. */
export function tokenizerFilesAt({ kind, path }: TokenizerPlace): string[] {
  if (kind === 'gguf') return [path];
  return TOKENIZER_FILES.map(name => join(path, name)).filter(existsSync);
}
