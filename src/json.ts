// Parses the JSON of users' files.

import { UserError } from './errors.js';

/** Far above the depth of any model's file. Code that walks through a deeper document would overflow the stack. */
const MAX_DEPTH = 100;

/**
 * Parses `text`. Throws UserError, beginning with the file's name where it is given, if it is no valid JSON or is nested
 * too deeply.
 */
export function parseJson(text: string, file?: string): unknown {
  const refused = (problem: string) => new UserError(file === undefined ? problem : `${file}: ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(`not valid JSON: ${(error as Error).message}`);
  }
  if (isDeeper(value, MAX_DEPTH)) throw refused(`expected JSON of at most ${MAX_DEPTH} levels, found more`);
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some(item => isDeeper(item, levels - 1));
}
