// A folder that appears whole or not at all: written under another name beside its place, then renamed into it.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';

/** Without a sign of life for so long, what another machine was writing has been given up. Milliseconds. */
const ABANDONED_MS = 3_600_000;

/**
 * Fills a folder with `write` and puts it at `target`, in place of what is there.
 * Whatever ends this process, no reader ever sees a part of it; what a killed one left behind is removed by the next.
 * Throws UserError where the disk is full or cannot be written.
 */
export async function writeWholeFolder<T>(target: string, write: (folder: string) => Promise<T>): Promise<T> {
  let partial: string | undefined;
  const remove = () => partial && rmSync(partial, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    makeFolder(dirname(target));
    removeAbandoned(target);
    const unique = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
    partial = join(dirname(target), `${prefix(target)}${unique}`);
    mkdirSync(partial);
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

/** As `mkdir -p`. Node's own recursive form never ends where a folder can be read but has no room for another: /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Hidden, so that no listing of models takes it for one. */
function prefix(target: string): string {
  return `.${basename(target)}-`;
}

function removeAbandoned(target: string): void {
  const start = prefix(target);
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(start)) continue;
    const [, host, pid] = /^(.+)-(\d+)-\w{6}(?:-old)?$/.exec(name.slice(start.length)) ?? [];
    const folder = join(dirname(target), name);
    if (host === undefined) continue;
    const isAbandoned = host === hostname() ? !isAlive(Number(pid)) : isUntouched(folder);
    if (isAbandoned) rmSync(folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isUntouched(folder: string): boolean {
  const paths = [folder, ...readdirSync(folder).map(name => join(folder, name))];
  const changes = paths.map(path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Date.now() - Math.max(...changes) > ABANDONED_MS;
}

/** Readers see the old folder or the new one, whole. */
function replaceFolder(target: string, folder: string): void {
  const old = `${folder}-old`;
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

function writeError(target: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  return reason ? new UserError(`${target}: cannot be written: ${reason}`) : error;
}
