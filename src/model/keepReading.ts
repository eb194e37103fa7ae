// Keeps what an evaluation has found with its model: in the recipe of a recipe folder, or in the manifest of a model folder.

import { basename, join } from 'node:path';
import { readJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { writeWholeFile } from '../wholeFile.js';
import { writeError } from './atomicFolder.js';
import { isModelFolder, MANIFEST, readManifest } from './manifest.js';
import { type Reading, withReading } from './reading.js';
import { RECIPE } from './recipe.js';
import { isSigned } from './signature.js';

/** Throws UserError for a signed model folder, whose manifest has to stay as it is. */
export function checkUnsigned(folder: string): void {
  if (!isModelFolder(folder) || !isSigned(folder)) return;
  throw new UserError(
    `${basename(folder)}: the model folder is signed, so its manifest has to stay as it is: ` +
      'evaluate it first and sign the folder then',
  );
}

/**
 * Writes a reading into a recipe or model folder; what it does not name stays. Returns the path of the file that has it.
 * Throws UserError where the folder is signed or the file cannot be written.
 */
export function keepReading(folder: string, reading: Reading): string {
  checkUnsigned(folder);
  const isModel = isModelFolder(folder);
  const path = join(folder, isModel ? MANIFEST : RECIPE);
  const content = isModel
    ? withReading(readManifest(folder), reading)
    : { ...readJsonObject(path), ...reading };
  try {
    writeWholeFile(path, `${JSON.stringify(content, null, 2)}\n`);
  } catch (error) {
    throw writeError(path, error);
  }
  return path;
}
