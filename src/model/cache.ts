// Where recipes are exported to: a cache keyed by the content of what goes in.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
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
 * The model folder of `path`: itself, or where its recipe's export belongs in `cache`, whether it is there or not.
 * Throws UserError where `path` is neither, or for a recipe whose files are missing.
 */
export async function modelFolderOf(path: string, cache: string): Promise<string> {
  if (isModelFolder(path)) return path;
  if (!isRecipeFolder(path)) {
    throw new UserError(
      existsSync(path)
        ? `${path}: expected a model folder (model.json) or a recipe folder (recipe.json)`
        : `${path}: no such folder`,
    );
  }
  const { key } = await ingredientsOf(readRecipe(join(path, RECIPE)));
  return join(cache, `${basename(resolve(path))}-${key.slice(0, 12)}`);
}
