// Watches the folders of models: models that are added, replaced or removed there are loaded, reloaded or unloaded. It looks
// at the files every second, because notifications of the system do not reach network disks and mounts of containers.

import { isModelFolder, readManifest } from '../model/manifest.js';
import { sourceStamp } from '../model/sourceStamp.js';
import type { ModelFolders } from './modelFolders.js';
import { LoadInProgress, type ModelStore } from './store.js';

const LOOK_MS = 1000;

export interface WatchActions {
  /** Throws LoadInProgress where it has to be tried again. Other errors have been reported. */
  load(name: string): Promise<void>;
  /** Throws LoadInProgress where it has to be tried again. */
  remove(name: string): void;
  /** Called for a model folder that is not loaded, because it is not complete. */
  onIncomplete(name: string, reason: string): void;
}

/** The stamp of a model that is not there. */
const ABSENT = '';

export class ModelsWatch {
  readonly #folders: ModelFolders;
  readonly #actions: WatchActions;
  /** The stamp with which each model was loaded, or was found to be incomplete. */
  readonly #known = new Map<string, string>();
  /** The stamps at the last look. A folder that changes from look to look is still being written. */
  #seen = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;

  /** To be called before the models of the store are loaded. */
  constructor(store: ModelStore, actions: WatchActions) {
    this.#folders = store.folders;
    this.#actions = actions;
    for (const { name } of store.all()) this.#known.set(name, this.#stamp(name));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #stamp(name: string): string {
    return sourceStamp(this.#folders.folderOf(name));
  }

  #look(): void {
    const names = this.#names();
    // A folder without models is more likely a disk that is not mounted than the wish to serve nothing.
    if (names.length === 0) return;
    const before = this.#seen;
    const all = new Set([...names, ...this.#known.keys()]);
    this.#seen = new Map([...all].map(name => [name, names.includes(name) ? this.#stamp(name) : ABSENT]));
    for (const [name, stamp] of this.#seen) {
      const isSettled = before.get(name) === stamp;
      if (isSettled && (this.#known.get(name) ?? ABSENT) !== stamp) void this.#apply(name, stamp);
    }
  }

  /** The names of the models; none while their folder cannot be read. */
  #names(): string[] {
    try {
      return this.#folders.names();
    } catch {
      return [];
    }
  }

  async #apply(name: string, stamp: string): Promise<void> {
    const before = this.#known.get(name) ?? ABSENT;
    this.#known.set(name, stamp);
    try {
      if (stamp === ABSENT) {
        this.#actions.remove(name);
        this.#known.delete(name);
      } else if (this.#isComplete(name)) {
        await this.#actions.load(name);
      }
    } catch (error) {
      if (error instanceof LoadInProgress) this.#known.set(name, before);
    }
  }

  /** An incomplete folder is looked at again when it changes. */
  #isComplete(name: string): boolean {
    const folder = this.#folders.folderOf(name);
    if (!isModelFolder(folder)) return true;
    try {
      readManifest(folder);
      return true;
    } catch (error) {
      this.#actions.onIncomplete(name, (error as Error).message);
      return false;
    }
  }
}
