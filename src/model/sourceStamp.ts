// Notices that a model folder, or one of the files that a recipe is exported from, has changed.

import { join } from 'node:path';
import { ingredientFiles } from './identity.js';
import { isModelFolder } from './manifest.js';
import { forDevice, RECIPE, readRecipe } from './recipe.js';
import { fileStamp, stampOf } from './stamp.js';

/** Changes whenever the model folder, or the recipe folder or a file that it names, changes. Never empty. */
export function sourceStamp(path: string): string {
  const stamp = `folder\n${stampOf(path)}`;
  if (isModelFolder(path)) return stamp;
  try {
    const { base, adapters, tokenizer } = ingredientFiles(forDevice(readRecipe(join(path, RECIPE)), 'cpu'));
    const files = [...base, ...adapters.flat(), ...tokenizer];
    return `${stamp}\n${files.map(file => `${file} ${fileStamp(file)}`).join('\n')}`;
  } catch {
    // A recipe that cannot be read, or names what is not there, changes with its own folder.
    return stamp;
  }
}
