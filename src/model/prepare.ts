// Provides the model folder of a recipe. A recipe that is not in the cache yet is exported, in a process of its own:
// merging keeps the cores busy for seconds, and its memory should be free afterwards.

import { fork } from 'node:child_process';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.js';
import { cachedFolder, recipeOf } from './cache.js';
import type { ExportReply, ExportWork } from './exportProcess.js';
import { checkHashes } from './integrity.js';
import { isModelFolder, readManifest } from './manifest.js';
import type { OnProgress } from './progress.js';
import { type Reading, splitReading } from './reading.js';

const PROCESS = fileURLToPath(new URL('./exportProcess.js', import.meta.url));

export interface PrepareEvents {
  /** Called while a recipe's files are hashed and while it is exported. */
  readonly onProgress?: OnProgress;
  /** Called with the reason why an export in the cache cannot be used and is made again. */
  readonly onDamaged?: (reason: string) => void;
}

export interface PrepareOptions extends PrepareEvents {
  readonly cache: string;
  readonly device: string;
}

export interface PreparedModel {
  /** The path of the model folder. Of an export that was in the cache, only the sizes of the files were checked. */
  readonly folder: string;
  /** The reading that the recipe asks for. An export in the cache has none, so that it serves for every reading. */
  readonly reading: Reading;
  /** Whether the recipe was exported just now. */
  readonly isNew: boolean;
  /**
   * Exports the recipe again if the content of its export in the cache is not as it was written. Resolves to whether it
   * did.
   */
  repair(): Promise<boolean>;
}

/**
 * Provides the model folder for a model folder or a recipe folder. Throws UserError where `path` is neither, or the recipe
 * cannot be exported.
 */
export async function prepareModel(path: string, options: PrepareOptions): Promise<PreparedModel> {
  const { cache, device, onProgress = () => {}, onDamaged = () => {} } = options;
  const noRepair = async () => false;
  // A link may be given another target while its model is loaded or serves.
  if (isModelFolder(path)) return { folder: realpathSync(path), reading: {}, isNew: false, repair: noRepair };
  const { request, reading } = splitReading(recipeOf(path, device));
  const name = basename(resolve(path));
  const folder = await cachedFolder(name, request, cache, (done, total) =>
    onProgress({ stage: 'hashing', done, total }),
  );
  const exportAgain = async (reason: string) => {
    if (existsSync(folder)) onDamaged(reason);
    // Only a folder with a manifest is replaced by an export.
    if (!isModelFolder(folder)) rmSync(folder, { recursive: true, force: true });
    await exportInProcess({ request, name, out: folder }, onProgress);
  };
  const damage = await damageIn(() => readManifest(folder));
  if (damage !== undefined) {
    await exportAgain(damage).catch(async error => {
      // Another process may have exported the same recipe at the same time, to the same folder.
      if ((await damageIn(() => readManifest(folder))) !== undefined) throw error;
    });
    return { folder, reading, isNew: true, repair: noRepair };
  }
  return {
    folder,
    reading,
    isNew: false,
    async repair() {
      const damage = await damageIn(() => checkHashes(folder, readManifest(folder)));
      if (damage === undefined) return false;
      await exportAgain(damage);
      return true;
    },
  };
}

/** The message with which a check fails, undefined where it does not. */
async function damageIn(check: () => unknown): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function exportInProcess(work: ExportWork, onProgress: OnProgress): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(PROCESS, { serialization: 'advanced' });
    child.on('message', (reply: ExportReply) => {
      if (reply.kind === 'progress') onProgress(reply.progress);
      else if (reply.kind === 'done') resolve();
      else reject(new UserError(reply.message));
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      // The system ends the process that takes the most memory where there is none left.
      const reason =
        signal === 'SIGKILL' ? `${signal}, which the system sends where memory runs out` : (signal ?? code);
      reject(new UserError(`the export of ${work.name} ended with ${reason}`));
    });
    child.send(work);
  });
}
