// Where recipes are exported to: a cache keyed by the content of what goes in.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { ingredientsOf } from './identity.js';
import { type ExportRequest, forDevice, isRecipeFolder, RECIPE, readRecipe } from './recipe.js';

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
 * The request of a recipe folder, for the device it will run on.
 * Throws UserError where `path` is none.
 */
export function recipeOf(path: string, device: string): ExportRequest {
  if (!isRecipeFolder(path)) {
    throw new UserError(
      existsSync(path)
        ? `${path}: expected a model folder (model.json) or a recipe folder (recipe.json)`
        : `${path}: no such folder`,
    );
  }
  return forDevice(readRecipe(join(path, RECIPE)), device);
}

/** Where the export of a recipe belongs in `cache`, whether it is there or not. Throws UserError where a file is missing. */
export async function cachedFolder(name: string, request: ExportRequest, cache: string): Promise<string> {
  const { key } = await ingredientsOf(request);
  return join(cache, `${name}-${key.slice(0, 12)}`);
}
