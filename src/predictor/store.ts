// The models that a service holds, by name, and what became of each.

import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Engines } from '../engine/engines.js';
import { UserError } from '../errors.js';
import { isModelFolder, type Task } from '../model/manifest.js';
import { prepareModel } from '../model/prepare.js';
import { isRecipeFolder } from '../model/recipe.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import { type LoadOptions, loadModel } from './load.js';
import type { LoadedModel } from './predictor.js';

export type StoredModel =
  | { readonly name: string; readonly state: 'loading' }
  | { readonly name: string; readonly state: 'ready'; readonly model: LoadedModel }
  | { readonly name: string; readonly state: 'failed'; readonly reason: string };

export interface StoreEvents {
  onProgress(name: string, done: number, total: number): void;
  onReady(name: string, model: LoadedModel): void;
  onFailed(name: string, error: Error): void;
}

export class ModelStore {
  readonly #folder: string;
  readonly #models = new Map<string, StoredModel>();

  /** Finds the recipe and model folders in `folder`. Throws UserError where there is none. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const name of modelNames(folder)) this.#models.set(name, { name, state: 'loading' });
    if (this.#models.size === 0) {
      throw new UserError(
        `models ${folder}: holds no model folder (model.json) and no recipe folder (recipe.json)`,
      );
    }
  }

  /** Exports what is not exported yet, and loads everything. One that fails is marked; the rest go on. */
  async loadAll(
    cache: string,
    engines: Engines,
    scheduler: Scheduler,
    events: StoreEvents,
    options: LoadOptions = {},
  ): Promise<void> {
    const place = { cache, device: await engines.device() };
    const preparing = pLimit(availableParallelism());
    const load = async (name: string) => {
      try {
        const folder = await preparing(() =>
          prepareModel(join(this.#folder, name), place, (done, total) =>
            events.onProgress(name, done, total),
          ),
        );
        const model = await loadModel(name, folder, engines, scheduler, options);
        this.#models.set(name, { name, state: 'ready', model });
        events.onReady(name, model);
      } catch (error) {
        this.#models.set(name, { name, state: 'failed', reason: (error as Error).message });
        events.onFailed(name, error as Error);
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

  /** Loaded models of a task. */
  ofTask(task: Task): LoadedModel[] {
    return this.all().flatMap(stored =>
      stored.state === 'ready' && stored.model.manifest.task === task ? [stored.model] : [],
    );
  }

  /** Every model that did not fail is loaded, and there is one. */
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
    throw new UserError(`models ${folder}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  // hidden ones are being written, or were left behind
  const isModel = (name: string) => isModelFolder(join(folder, name)) || isRecipeFolder(join(folder, name));
  return names.filter(name => !name.startsWith('.') && isModel(name)).sort();
}
