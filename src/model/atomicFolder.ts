// Writes a folder that appears completely or not at all: it is filled under a temporary name and then renamed.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';

/** A temporary folder of another machine counts as abandoned when nothing in it has changed for this long. */
const ABANDONED_MS = 3_600_000;

/**
 * Calls `write` to fill an empty folder, and renames it to `target`, replacing a folder that is there.
 * Readers never see a part of the folder, even if this process is killed. The temporary folder that a killed process
 * leaves behind is removed by the next call for the same target.
 * Throws UserError where the disk is full or cannot be written.
 */
export async function writeFolderAtomically<T>(
  target: string,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  let partial: string | undefined;
  const remove = () => partial && rmSync(partial, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    partial = makeTemporaryFolder(target);
    const result = await write(partial);
    replaceFolder(target, partial);
    return result;
  } catch (error) {
    throw writeError(target, error);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/**
 * Makes an empty folder of a new name beside `target`, for as long as this process runs, and removes those that killed
 * processes left behind. Returns its path. Throws what the file system throws.
 */
export function makeTemporaryFolder(target: string): string {
  makeFolder(dirname(target));
  removeAbandoned(target);
  const unique = [hostname(), process.pid, randomBytes(3).toString('hex')].join(SEPARATOR);
  const folder = join(dirname(target), `${prefix(target)}${unique}`);
  mkdirSync(folder);
  return folder;
}

/** Like `mkdir -p`. Node's own recursive mkdir never returns where no folder can be made in a readable one, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Ends the name of a folder while another one takes its place. */
const OLD = '-old';

/** No host has it in its name. So the rest of a temporary name is not taken for a part of another target's name. */
const SEPARATOR = '~';

/** Temporary names begin with a dot, so that no listing of models shows them. */
function prefix(target: string): string {
  return `.${basename(target)}${SEPARATOR}`;
}

/**
 * Removes the temporary folders of `target` that killed processes left behind. The old folder of a replacement that broke off
 * half-way is put back. Throws what the file system throws.
 */
export function removeAbandoned(target: string): void {
  const start = prefix(target);
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(start)) continue;
    const [, host, pid] = /^([^~]+)~(\d+)~\w{6}(?:-old)?$/.exec(name.slice(start.length)) ?? [];
    const folder = join(dirname(target), name);
    if (host === undefined) continue;
    const isAbandoned = host === hostname() ? !isOwnerAlive(Number(pid), folder) : isUntouched(folder);
    if (!isAbandoned) continue;
    if (name.endsWith(OLD) && !existsSync(target)) renameSync(folder, target);
    else rmSync(folder, { recursive: true, force: true });
  }
}

function isOwnerAlive(pid: number, folder: string): boolean {
  // A container that is started again has the name and the process id of the one that was killed.
  if (pid === process.pid) return changedAt(folder) >= performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isUntouched(folder: string): boolean {
  return Date.now() - changedAt(folder) > ABANDONED_MS;
}

/** When a folder, or a file in it, last changed. Milliseconds since 1970. */
function changedAt(folder: string): number {
  const paths = [folder, ...readdirSync(folder).map(name => join(folder, name))];
  const changes = paths.map(path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(...changes);
}

/** Between the two renames the target does not exist; a reader never sees a mix of the old folder and the new one. */
function replaceFolder(target: string, folder: string): void {
  const old = `${folder}${OLD}`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(folder, target);
  rmSync(old, { recursive: true, force: true });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'a file would be larger than is allowed',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'no folder can be made there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a part of the path is a file',
  EIO: 'the disk failed',
};

/** The error for a user where the folder or file `target` could not be written. */
export function writeError(target: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  return reason ? new UserError(`${target}: cannot be written: ${reason}`) : error;
}
