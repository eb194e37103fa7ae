// The texts of a load test's requests, from JSON lines.

import type { JsonObject } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import { grouped } from '../../loadtest/requestTexts.js';
import { at, exampleOf, readObjects, textOf } from '../jsonl.js';

/**
 * The texts of each request: `perRequest` lines with `text` or `tokens` make one, and a line with a list of `inputs` is
 * one of its own. Throws UserError for the first bad line.
 */
export async function readRequests(path: string, perRequest: number | undefined): Promise<string[][]> {
  const lines: string[][] = [];
  for await (const { where, json } of readObjects(path)) lines.push(at(where, () => textsOf(json)));
  if (lines.length === 0) throw new UserError(`${path}: expected JSON lines, found none`);
  if (lines.every(texts => texts.length === 1)) return grouped(lines.flat(), perRequest ?? 1);
  if (perRequest === undefined) return lines;
  throw new UserError(
    `${path}: expected one text in each line with --per-request ${perRequest}, found lists of "inputs"`,
  );
}

function textsOf(json: JsonObject): string[] {
  const { inputs } = json;
  if (inputs === undefined) return [textOf(exampleOf(json))];
  const texts = typeof inputs === 'string' ? [inputs] : inputs;
  if (Array.isArray(texts) && texts.length > 0 && texts.every(text => typeof text === 'string')) return texts;
  throw new UserError('expected "inputs", a string or a list of strings');
}
