// The results that `bench --json` writes.

import { isJsonObject, readJsonObject } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import type { Result } from '../../loadtest/result.js';

/** Reads what `bench --json` wrote. Throws UserError if the file is something else. */
export function readResult(path: string): Result {
  const json = readJsonObject(path, path);
  const { conditions, latency, steps } = json;
  const isResult = isJsonObject(conditions) && (isJsonObject(latency) || Array.isArray(steps));
  if (!isResult) throw new UserError(`${path}: expected a result of bench --json, found other JSON`);
  return json as unknown as Result;
}
