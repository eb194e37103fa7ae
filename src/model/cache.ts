// The cache that recipes are exported to. A folder's name holds a hash of everything that goes into the export.

import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { ingredientsOf } from './identity.js';
import { type DeviceRequest, forDevice, isRecipeFolder, RECIPE, readRecipe } from './recipe.js';

/** LSLLAMA_CACHE, else the folder lsllama in the user's cache folder. */
export function defaultCache(): string {
  const userCache =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : process.platform === 'win32'
        ? (process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
        : process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.LSLLAMA_CACHE || join(userCache, 'lsllama');
}

/** Reads the recipe in a folder, for the device that the model will run on. Throws UserError where there is none. */
export function recipeOf(path: string, device: string): DeviceRequest {
  if (!isRecipeFolder(path)) {
    if (!existsSync(path)) throw new UserError(`${path}: no such folder`);
    const found = statSync(path).isDirectory() ? 'found neither file' : 'found a file';
    throw new UserError(
      `${path}: expected a model folder (model.json) or a recipe folder (recipe.json), ${found}: ` +
        'the command inspect tells what a folder is, and export writes a model folder',
    );
  }
  return forDevice(readRecipe(join(path, RECIPE)), device);
}

/**
 * The folder in `cache` for the export of a recipe; it may not exist yet. `onProgress` is called with the bytes hashed so
 * far and the total. Throws UserError where an input is missing.
 */
export async function cachedFolder(
  name: string,
  request: DeviceRequest,
  cache: string,
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  const { key } = await ingredientsOf(request, onProgress);
  return join(cache, `${name}-${key.slice(0, 12)}`);
}
