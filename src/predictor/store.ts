// The models of a service, by name, each with its state.

import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { isModelFolder } from '../model/manifest.js';
import type { Progress } from '../model/progress.js';
import { isRecipeFolder } from '../model/recipe.js';
import type { LoadedModel } from './model.js';
import type { Runtime } from './runtime.js';

export type StoredModel =
  | { readonly name: string; readonly state: 'loading' }
  | {
      readonly name: string;
      readonly state: 'ready';
      readonly model: LoadedModel;
      /** Why the newest version could not take the model's place. */
      readonly reloadError?: string;
    }
  | { readonly name: string; readonly state: 'failed'; readonly reason: string };

/** The state of a model as callers see it: a loaded one is `restarting` while no engine serves it. */
export function stateOf(stored: StoredModel): StoredModel['state'] | 'restarting' {
  return stored.state === 'ready' && !stored.model.isUp() ? 'restarting' : stored.state;
}

export interface StoreEvents {
  /** Called during the export of a recipe, and after each step of loading a model. */
  onProgress?(name: string, progress: Progress): void;
  /** Called with the reason why an export in the cache cannot be used and is made again. */
  onDamaged?(name: string, reason: string): void;
  onReady?(model: LoadedModel): void;
  onFailed?(name: string, error: Error): void;
  /** Called when another version has taken the place of a model, or with the error for which it could not. */
  onReloaded?(name: string, error?: Error): void;
  onRemoved?(name: string): void;
}

/** The model is being loaded already. */
export class LoadInProgress extends Error {
  override readonly name = 'LoadInProgress';
}

export class ModelStore {
  readonly folder: string;
  readonly #models = new Map<string, StoredModel>();
  /** The names of the models that are being loaded, for the first time or again. */
  readonly #loading = new Set<string>();

  /** Finds the recipe and model folders in `folder`. Throws UserError if it cannot be read or holds none. */
  constructor(folder: string) {
    this.folder = folder;
    for (const name of modelNames(folder)) this.#models.set(name, { name, state: 'loading' });
    if (this.#models.size > 0) return;
    throw new UserError(
      isModel(folder)
        ? `models ${folder}: expected a folder of model folders, found a single model: give the folder that it is in, ${dirname(resolve(folder))}`
        : `models ${folder}: expected model folders (model.json) or recipe folders (recipe.json) in it, found none: ` +
            'the command export writes a model folder',
    );
  }

  /** Loads every model, after exporting those that need it. A model that fails is marked; the others go on. */
  async loadAll(runtime: Runtime, events: StoreEvents = {}): Promise<void> {
    // Events have told of the errors.
    await Promise.allSettled([...this.#models.keys()].map(name => this.load(name, runtime, events)));
  }

  /**
   * Loads the model of a name from its folder, beside the one that serves if there is one, and puts it in its place in
   * one step. The old one is unloaded when nobody holds it any more. A model that cannot be loaded leaves the old one
   * where it is. A model that is new appears when it is loaded. Throws LoadInProgress while the same model is being
   * loaded, and the errors of Runtime.load.
   */
  async load(name: string, runtime: Runtime, events: StoreEvents = {}): Promise<void> {
    if (this.#loading.has(name)) throw new LoadInProgress(`model ${name} is being loaded already`);
    this.#loading.add(name);
    try {
      const model = await runtime.load(name, join(this.folder, name), {
        onProgress: progress => events.onProgress?.(name, progress),
        onDamaged: reason => events.onDamaged?.(name, reason),
      });
      const old = this.#models.get(name);
      if (old?.state === 'ready') runtime.scheduler.inherit(model.id, old.model.id);
      this.#models.set(name, { name, state: 'ready', model });
      events.onReady?.(model);
      if (old?.state !== 'ready') return;
      events.onReloaded?.(name);
      void old.model.unload();
    } catch (error) {
      const reason = (error as Error).message;
      const old = this.#models.get(name);
      const isServing = old?.state === 'ready';
      this.#models.set(name, isServing ? { ...old, reloadError: reason } : { name, state: 'failed', reason });
      if (isServing) events.onReloaded?.(name, error as Error);
      else events.onFailed?.(name, error as Error);
      throw error;
    } finally {
      this.#loading.delete(name);
    }
  }

  /**
   * Takes a model out of service. Requests that hold it are still answered. Throws LoadInProgress while it is being
   * loaded.
   */
  remove(name: string, events: StoreEvents = {}): void {
    const stored = this.#models.get(name);
    if (this.#loading.has(name)) throw new LoadInProgress(`model ${name} is being loaded`);
    if (!stored) return;
    this.#models.delete(name);
    if (stored.state === 'ready') void stored.model.unload();
    events.onRemoved?.(name);
  }

  all(): StoredModel[] {
    return [...this.#models.values()];
  }

  get(name: string): StoredModel | undefined {
    return this.#models.get(name);
  }

  /** The models that are loaded. */
  loaded(): LoadedModel[] {
    return this.all().flatMap(stored => (stored.state === 'ready' ? [stored.model] : []));
  }

  /** Whether every model that did not fail is loaded and an engine serves it, and there is at least one. */
  get ready(): boolean {
    const alive = this.all()
      .map(stateOf)
      .filter(state => state !== 'failed');
    return alive.length > 0 && alive.every(state => state === 'ready');
  }
}

/** The names of the model and recipe folders in a folder. Throws UserError if it cannot be read. */
export function modelNames(folder: string): string[] {
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
