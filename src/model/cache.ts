// The cache that recipes are exported to. A folder's name holds a hash of everything that goes into the export.

import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { loadHashes, saveHashes } from './hashCache.js';
import { ingredientsOf } from './identity.js';
import { type DeviceRequest, forDevice, isRecipeFolder, RECIPE, readRecipe } from './recipe.js';

/** The cache folder: LSLLAMA_CACHE where it is set, else the folder lsllama in the user's cache folder. */
export function defaultCache(): string {
  return process.env.LSLLAMA_CACHE || join(userCache(), 'lsllama');
}

/** Throws where the system knows no home folder of the user, as in a container whose user has only a number. */
function userCache(): string {
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Caches');
    case 'win32':
      return process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
    default:
      return process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  }
}

/** Reads the recipe in a folder and settles its precision for a device. Throws UserError where there is none. */
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
  loadHashes(cache);
  const { key } = await ingredientsOf(request, onProgress);
  saveHashes(cache);
  return join(cache, `${name}-${key.slice(0, 12)}`);
}
