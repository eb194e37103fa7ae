// The value of --labels: the labels themselves, JSON, or a file.

import { existsSync, readFileSync } from 'node:fs';
import type { Json } from '../checkpoint/files.js';
import { parseLabels } from '../checkpoint/labels.js';
import { UserError } from '../errors.js';
import { parseJson } from '../json.js';
import { decodeUtf8 } from '../utf8.js';

/**
 * Reads `a,b,c`, JSON, a .json file, or a .txt file with a label on each line. JSON is what `parseLabels` takes.
 * Throws UserError where a file cannot be read, or does not hold labels.
 */
export function readLabels(flag: string): string[] {
  const name = `--labels ${flag}`;
  const isJson = /^\s*[[{]/.test(flag);
  if (!isJson && !/\.(json|txt)$/.test(flag)) return trimmed(flag.split(','));
  let json: Json;
  try {
    if (!isJson && !existsSync(flag)) throw new UserError('no such file');
    const text = isJson ? flag : decodeUtf8(readFileSync(flag));
    if (!isJson && flag.endsWith('.txt')) return trimmed(text.trimEnd().split('\n'));
    json = parseJson(text) as Json;
  } catch (error) {
    throw new UserError(`${name}: ${(error as Error).message}`);
  }
  return parseLabels(json, name);
}

function trimmed(labels: readonly string[]): string[] {
  return labels.map(label => label.trim());
}
