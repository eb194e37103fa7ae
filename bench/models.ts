// Exports of the shipped models with other settings than their recipes have. They stay in lsllama's cache.

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

/** Exports a recipe folder with these settings in place of the recipe's. A model folder is returned as it is. */
export async function exportedModel(path: string, { precision, maxLength }: ExportedAs): Promise<string> {
  if (isModelFolder(path)) return path;
  const { adapters, ...recipe } = readRecipe(join(path, RECIPE));
  return withTemporaryFolder(async folder => {
    const changedFolder = join(folder, basename(resolve(path)));
    const changed = {
      ...recipe,
      adapter: adapters,
      ...(precision && { precision }),
      ...(maxLength && { maxLength }),
    };
    mkdirSync(changedFolder);
    writeFileSync(join(changedFolder, RECIPE), JSON.stringify(changed));
    return (await prepareModel(changedFolder, { cache: defaultCache(), device: 'cpu' })).folder;
  });
}

/** Creates a folder for `serve --models` that holds model folders under the given names, as links. */
export function modelsFolder(folders: Record<string, string>): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'lsllama-bench-'));
  for (const [name, folder] of Object.entries(folders)) symlinkSync(resolve(folder), join(path, name));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** Runs `work` with an empty folder, which is removed afterwards. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
