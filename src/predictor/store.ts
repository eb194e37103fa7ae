// The models of a service, by name, each with its state.

import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { isModelFolder, type Task } from '../model/manifest.js';
import type { Progress } from '../model/progress.js';
import { isRecipeFolder } from '../model/recipe.js';
import type { LoadedModel } from './model.js';
import type { Runtime } from './runtime.js';

export type StoredModel =
  | { readonly name: string; readonly state: 'loading' }
  | { readonly name: string; readonly state: 'ready'; readonly model: LoadedModel }
  | { readonly name: string; readonly state: 'failed'; readonly reason: string };

export interface StoreEvents {
  /** Told of the export of a recipe, and of the steps of loading a model. */
  onProgress?(name: string, progress: Progress): void;
  onReady?(model: LoadedModel): void;
  onFailed?(name: string, error: Error): void;
}

export class ModelStore {
  readonly #folder: string;
  readonly #models = new Map<string, StoredModel>();

  /** Finds the recipe and model folders in `folder`. Throws UserError if it cannot be read or holds none. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const name of modelNames(folder)) this.#models.set(name, { name, state: 'loading' });
    if (this.#models.size === 0) {
      const one = isModelFolder(folder) ? 'model' : isRecipeFolder(folder) ? 'recipe' : undefined;
      if (one) {
        throw new UserError(
          `models ${folder}: expected a folder of model and recipe folders, found a ${one} folder: give the folder that it is in, ${dirname(resolve(folder))}`,
        );
      }
      throw new UserError(
        `models ${folder}: expected model folders (model.json) or recipe folders (recipe.json), found none`,
      );
    }
  }

  /** Loads every model, after exporting those that need it. A model that fails is marked; the others go on. */
  async loadAll(runtime: Runtime, { onProgress, onReady, onFailed }: StoreEvents = {}): Promise<void> {
    const load = async (name: string) => {
      try {
        const model = await runtime.load(name, join(this.#folder, name), progress =>
          onProgress?.(name, progress),
        );
        this.#models.set(name, { name, state: 'ready', model });
        onReady?.(model);
      } catch (error) {
        this.#models.set(name, { name, state: 'failed', reason: (error as Error).message });
        onFailed?.(name, error as Error);
      }
    };
    await Promise.all([...this.#models.keys()].map(load));
  }

  all(): StoredModel[] {
    return [...this.#models.values()];
  }

  get(name: string): StoredModel | undefined {
    return this.#models.get(name);
  }

  /** The models of a task that are loaded. */
  ofTask(task: Task): LoadedModel[] {
    return this.all().flatMap(stored =>
      stored.state === 'ready' && stored.model.manifest.task === task ? [stored.model] : [],
    );
  }

  /** True once every model that did not fail is loaded, and there is at least one. */
  get ready(): boolean {
    const alive = this.all().filter(({ state }) => state !== 'failed');
    return alive.length > 0 && alive.every(({ state }) => state === 'ready');
  }
}

function modelNames(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`models ${folder}: no such folder`);
    if (code === 'ENOTDIR') throw new UserError(`models ${folder}: expected a folder, found a file`);
    throw new UserError(`models ${folder}: cannot be read (${code})`);
  }
  // Hidden folders are exports that are being written, or were left behind by one that broke off.
  const isModel = (name: string) => isModelFolder(join(folder, name)) || isRecipeFolder(join(folder, name));
  return names.filter(name => !name.startsWith('.') && isModel(name)).sort();
}
