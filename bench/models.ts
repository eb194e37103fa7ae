// A shipped model, exported otherwise than its recipe says. The export lands in lsllama's cache, and is found there
// the next time.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultCache } from '../dist/model/cache.js';
import { isModelFolder } from '../dist/model/manifest.js';
import { prepareModel } from '../dist/model/prepare.js';
import { RECIPE, readRecipe } from '../dist/model/recipe.js';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const CLASSIFIER = join(ROOT, 'models/agnews-llama');
export const TAGGER = join(ROOT, 'models/conll03-unllama');

export interface ExportedAs {
  readonly precision?: string | undefined;
  readonly maxLength?: number;
}

/** The model folder of a recipe folder, with `options` in place of the recipe's; of a model folder, itself. */
export async function exportedModel(path: string, { precision, maxLength }: ExportedAs): Promise<string> {
  if (isModelFolder(path)) return path;
  const { adapters, ...recipe } = readRecipe(join(path, RECIPE));
  return withTemporaryFolder(async folder => {
    const own = join(folder, basename(resolve(path)));
    const changed = {
      ...recipe,
      adapter: adapters,
      ...(precision && { precision }),
      ...(maxLength && { maxLength }),
    };
    mkdirSync(own);
    writeFileSync(join(own, RECIPE), JSON.stringify(changed));
    return prepareModel(own, { cache: defaultCache(), device: 'cpu' });
  });
}

/** A folder as `serve --models` takes it, with these model folders under these names. */
export function modelsFolder(folders: Record<string, string>): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'lsllama-bench-'));
  for (const [name, folder] of Object.entries(folders)) symlinkSync(resolve(folder), join(path, name));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
