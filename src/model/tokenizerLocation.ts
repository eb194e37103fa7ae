// Finds the tokenizer of an export: the one that the request names, else the last adapter's, else the one in the base's
// folder or beside the GGUF file, else the GGUF file's own.

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adapterFolder } from '../checkpoint/adapter.js';
import { ggufFileOf } from '../checkpoint/base.js';
import { TOKENIZER, TOKENIZER_FILES } from '../text/tokenizer.js';
import type { ExportRequest } from './recipe.js';

/** The folder with the tokenizer's files, or the GGUF file with the tokenizer in its metadata. */
export interface TokenizerLocation {
  readonly kind: 'folder' | 'gguf';
  readonly path: string;
}

/** Does not check that there is a tokenizer at the location; reading it does. */
export function locateTokenizer(
  request: Pick<ExportRequest, 'tokenizer' | 'adapters' | 'base'>,
): TokenizerLocation {
  const { tokenizer, adapters, base } = request;
  if (tokenizer) return { kind: 'folder', path: tokenizer };
  const withTokenizer = adapterTokenizer(adapters);
  if (withTokenizer) return { kind: 'folder', path: withTokenizer };
  const folder = existsSync(base) && statSync(base).isDirectory() ? base : dirname(base);
  const gguf = existsSync(join(folder, TOKENIZER)) ? undefined : ggufFileOf(base);
  return gguf ? { kind: 'gguf', path: gguf } : { kind: 'folder', path: folder };
}

/** The last folder among those of the adapters that holds a tokenizer. */
export function adapterTokenizer(adapters: readonly string[]): string | undefined {
  const folders = adapters.flatMap(adapter => [adapter, adapterFolder(adapter)]);
  return folders.findLast(folder => existsSync(join(folder, TOKENIZER)));
}

/** The files that decide how text becomes tokens; they are part of an export's identity. */
export function tokenizerFilesAt({ kind, path }: TokenizerLocation): string[] {
  if (kind === 'gguf') return [path];
  return TOKENIZER_FILES.map(name => join(path, name)).filter(existsSync);
}
