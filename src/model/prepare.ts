// Provides the model folder of a recipe. A recipe that is not in the cache yet is exported, in a process of its own:
// merging keeps the cores busy for seconds, and its memory should be free afterwards.

import { fork } from 'node:child_process';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.js';
import { cachedFolder, recipeOf } from './cache.js';
import type { ExportReply, ExportWork } from './exportProcess.js';
import { isModelFolder, readManifest } from './manifest.js';
import type { OnProgress } from './progress.js';

const PROCESS = fileURLToPath(new URL('./exportProcess.js', import.meta.url));

export interface PreparedModel {
  readonly folder: string;
  /** Whether the recipe was exported just now. */
  readonly isNew: boolean;
}

/**
 * Provides the model folder for a model folder or recipe folder, and a device. `onProgress` is called while a
 * recipe's files are hashed and while it is exported. Throws UserError where `path` is neither kind of folder, or the
 * recipe cannot be exported.
 */
export async function prepareModel(
  path: string,
  { cache, device }: { readonly cache: string; readonly device: string },
  onProgress: OnProgress = () => {},
): Promise<PreparedModel> {
  if (isModelFolder(path)) return { folder: path, isNew: false };
  const request = recipeOf(path, device);
  const name = basename(resolve(path));
  const folder = await cachedFolder(name, request, cache, (done, total) =>
    onProgress({ stage: 'hashing', done, total }),
  );
  if (isComplete(folder)) return { folder, isNew: false };
  try {
    await exportInProcess({ request, name, out: folder }, onProgress);
  } catch (error) {
    // Another process may have exported the same recipe at the same time, to the same folder.
    if (!isComplete(folder)) throw error;
  }
  return { folder, isNew: true };
}

/** Whether a folder of the cache holds the files that its manifest lists. A damaged one is exported again. */
function isComplete(folder: string): boolean {
  try {
    readManifest(folder);
    return true;
  } catch {
    return false;
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
