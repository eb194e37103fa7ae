// Recipes exported on first use, into a cache keyed by the content of what goes in.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { exportModel } from './export.js';
import { ingredientsOf } from './identity.js';
import { isModelFolder } from './manifest.js';
import { isRecipeFolder, RECIPE, readRecipe } from './recipe.js';

/** LSLLAMA_CACHE, else lsllama in the user's cache folder. */
export function defaultCache(): string {
  const userCache =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : process.platform === 'win32'
        ? (process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
        : process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.LSLLAMA_CACHE || join(userCache, 'lsllama');
}

/**
 * The model folder of `path`: itself, or what its recipe gives, exported into `cache` unless it is there.
 * Throws UserError where `path` is neither, or for what is wrong with the recipe.
 */
export function resolveModel(
  path: string,
  cache: string,
  onProgress?: (done: number, total: number) => void,
): string {
  if (isModelFolder(path)) return path;
  if (!isRecipeFolder(path)) {
    throw new UserError(
      existsSync(path)
        ? `${path}: expected a model folder (model.json) or a recipe folder (recipe.json)`
        : `${path}: no such folder`,
    );
  }
  const request = readRecipe(join(path, RECIPE));
  const name = basename(resolve(path));
  const folder = join(cache, `${name}-${ingredientsOf(request).key.slice(0, 12)}`);
  if (isModelFolder(folder)) return folder;
  try {
    exportModel(request, folder, { name, ...(onProgress && { onProgress }) });
  } catch (error) {
    // Another process may have exported the same recipe meanwhile: its folder is the same.
    if (!isModelFolder(folder)) throw error;
  }
  return folder;
}
