// Where the models of a service are: side by side in a folder, or each in a folder of its own that is listed by name.

import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { isModelFolder } from '../model/manifest.js';
import { isRecipeFolder } from '../model/recipe.js';

export interface ModelFolders {
  /** The names of the models that are there now. Throws UserError if they cannot be listed, or there is none. */
  names(): string[];
  /** The model or recipe folder of a name. */
  folderOf(name: string): string;
}

/** A folder of model and recipe folders, or the folder of each model by its name. */
export type ModelsOption = string | Readonly<Record<string, string>>;

export function modelFolders(models: ModelsOption): ModelFolders {
  return typeof models === 'string' ? foldersIn(models) : listedFolders(models);
}

function foldersIn(folder: string): ModelFolders {
  return {
    names() {
      const names = modelNames(folder);
      if (names.length > 0) return names;
      throw new UserError(
        isModel(folder)
          ? `models ${folder}: expected a folder of model folders, found a single model: give the folder that it is in, ${dirname(resolve(folder))}`
          : `models ${folder}: expected model folders (model.json) or recipe folders (recipe.json) in it, found none: ` +
              'the command export writes a model folder',
      );
    },
    folderOf: name => join(folder, name),
  };
}

/** A folder that holds no model is found when it is loaded: that model has failed then, or its old version serves on. */
function listedFolders(folders: Readonly<Record<string, string>>): ModelFolders {
  return { names: () => Object.keys(folders).sort(), folderOf: name => folders[name]! };
}

/** The names of the model and recipe folders in a folder. Throws UserError if it cannot be read. */
function modelNames(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code!;
    throw new UserError(`models ${folder}: ${UNREADABLE[code] ?? `cannot be read (${code})`}`);
  }
  // Hidden folders are exports that are being written, or were left behind by one that broke off.
  return names.filter(name => !name.startsWith('.') && isModel(join(folder, name))).sort();
}

function isModel(folder: string): boolean {
  return isModelFolder(folder) || isRecipeFolder(folder);
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'no such folder: expected a folder of model folders and recipe folders',
  ENOTDIR: 'expected a folder of model folders and recipe folders, found a file',
};
