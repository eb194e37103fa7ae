// The models of a service, by name, each with its state.

import type { Progress } from '../model/progress.js';
import type { LoadedModel } from './model.js';
import type { ModelFolders } from './modelFolders.js';
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
  readonly folders: ModelFolders;
  readonly #models = new Map<string, StoredModel>();
  /** The names of the models that are being loaded, for the first time or again. */
  readonly #loading = new Set<string>();

  /** Throws UserError if the folders cannot be listed. */
  constructor(folders: ModelFolders) {
    this.folders = folders;
    for (const name of folders.names()) this.#models.set(name, { name, state: 'loading' });
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
      const model = await runtime.load(name, this.folders.folderOf(name), {
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
