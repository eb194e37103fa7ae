// The files that `bench` writes and reads.

import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { isJsonObject, readJsonObject } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import type { Result } from '../../loadtest/result.js';
import { writeError } from '../../model/atomicFolder.js';
import { writeWholeFile } from '../../wholeFile.js';

/** Throws UserError if the file cannot be written, so that this is known before the measurement. */
export function checkWritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** The file appears whole or not at all. Throws UserError if it cannot be written. */
export function writeWhole(path: string, content: string): void {
  try {
    writeWholeFile(path, content);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Reads what `bench --json` wrote. Throws UserError if the file is something else. */
export function readResult(path: string): Result {
  const json = readJsonObject(path, path);
  const { conditions, latency, steps } = json;
  const isResult = isJsonObject(conditions) && (isJsonObject(latency) || Array.isArray(steps));
  if (!isResult) throw new UserError(`${path}: expected a result of bench --json, found other JSON`);
  return json as unknown as Result;
}
