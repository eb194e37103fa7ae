// What a command may replace by the folder that it writes.

import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { UserError } from '../errors.js';

/** A kind of folder that lsllama writes. */
export interface FolderKind {
  /** Such as `a model folder`. */
  readonly name: string;
  /** The file that every such folder has. */
  readonly marker: string;
}

/**
 * Throws UserError where `out` exists and may not be replaced: without `force`; where it is neither empty nor a folder of
 * that kind; and where it holds one of the files and folders in `ingredients`, which are read.
 */
export function checkReplaceable(
  out: string,
  { name, marker }: FolderKind,
  ingredients: readonly string[],
  force: boolean,
): void {
  if (!existsSync(out)) return;
  if (!force) throw new UserError(`${out}: already exists; --force replaces it`);
  if (!statSync(out).isDirectory()) throw new UserError(`${out}: expected a folder to replace, found a file`);
  if (!existsSync(join(out, marker)) && readdirSync(out).length > 0) {
    throw new UserError(
      `${out}: expected ${name} to replace, found a folder without ${marker}: remove it first`,
    );
  }
  const inside = `${realpathSync(out)}${sep}`;
  for (const ingredient of ingredients) {
    if (!existsSync(ingredient) || !`${realpathSync(ingredient)}${sep}`.startsWith(inside)) continue;
    throw new UserError(
      `${out}: expected a folder that is not read from, found the folder that holds ${basename(ingredient)}`,
    );
  }
}
