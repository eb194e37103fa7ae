// Writes the folder of a tokenizer whose vocabulary is kept apart from its other settings.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component, TokenizerJson } from '../../dist/text/tokenizer/json.js';

/** Makes a folder in `parent` with a tokenizer.json and other files, of which null stands for none. */
export function tokenizerFolder(
  parent: string,
  json: TokenizerJson,
  vocabulary: Component,
  files: Readonly<Record<string, unknown>>,
): string {
  const folder = mkdtempSync(join(parent, 'case-'));
  const model = { ...json.model, ...vocabulary };
  const vocab = model.vocab as Readonly<Record<string, number>>;
  const added_tokens = json.added_tokens?.map(token => ({
    ...token,
    id: token.id ?? vocab[token.content] ?? 0,
  }));
  const all = { 'tokenizer.json': { ...json, model, added_tokens }, ...files };
  for (const [name, content] of Object.entries(all)) {
    if (content !== null) writeFileSync(join(folder, name), JSON.stringify(content));
  }
  return folder;
}
