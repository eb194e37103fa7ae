// A copy of a model folder's graph with its weights packed for this processor. Every engine maps the same file, so the
// weights are in memory once. It stays on the disk for engines that are started again.

import { rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE, MODEL_FILE } from '../onnx/contract.js';
import { EngineChild } from './child.js';

/** Other machines that share the disk take a temporary folder for abandoned when it was not touched for an hour. */
const TOUCH_MS = 600_000;

export class PackedCopy {
  readonly #makeFolder: () => string;
  readonly #toucher: NodeJS.Timeout;
  #folder: string | undefined;
  /** Bytes of the files in the folder, once they are written. */
  #bytes: number | undefined;

  /** `makeFolder` makes an empty folder for the copy. */
  constructor(makeFolder: () => string) {
    this.#makeFolder = makeFolder;
    this.#toucher = setInterval(() => this.#touch(), TOUCH_MS).unref();
  }

  /** The folder of the copy; undefined where it was not written yet, or is not there as it was written. */
  get folder(): string | undefined {
    return this.#folder !== undefined && graphBytes(this.#folder) === this.#bytes ? this.#folder : undefined;
  }

  /**
   * Writes the copy, in the place of one that was written before. Returns its folder. Throws EngineError if ONNX Runtime
   * cannot load the graph or write the copy.
   */
  async write(modelFolder: string): Promise<string> {
    this.discard();
    this.#folder = this.#makeFolder();
    try {
      await pack(modelFolder, this.#folder);
      this.#bytes = graphBytes(this.#folder);
      return this.#folder;
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Removes the copy. Processes that have mapped it keep it in memory. */
  discard(): void {
    // A folder on a disk that fails stays behind. Later processes take it for abandoned, and remove it.
    if (this.#folder !== undefined) attempt(rmSync, this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
    this.#bytes = undefined;
  }

  /** Removes the copy for good. */
  close(): void {
    clearInterval(this.#toucher);
    this.discard();
  }

  #touch(): void {
    const now = new Date();
    // The disk may have become read-only.
    if (this.#folder !== undefined) attempt(utimesSync, this.#folder, now, now);
  }
}

/** Calls a function of the file system. Nothing depends on its success, and a failure must not end the service. */
function attempt<Arguments extends unknown[]>(
  work: (...values: Arguments) => void,
  ...values: Arguments
): void {
  try {
    work(...values);
  } catch {}
}

/** Bytes of the graph and its weights in a folder. Files that are not there have none. */
export function graphBytes(folder: string): number {
  const sizes = [MODEL_FILE, DATA_FILE].map(
    name => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Writes a folder's graph into the folder `into` with its weights packed, in a process that ends afterwards, because an
 * engine would keep the memory that packing takes. Throws EngineError where ONNX Runtime cannot load the graph or write.
 */
export async function pack(folder: string, into: string): Promise<void> {
  const packer = new EngineChild();
  try {
    await packer.ask('pack', { folder, into });
  } finally {
    void packer.close();
  }
}
