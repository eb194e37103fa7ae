// Reads JSON lines, for the commands that work on files.

import { createReadStream } from 'node:fs';
import { isJsonObject, type JsonObject, readError, shown } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { parseJson } from '../json.js';
import type { TextPair } from '../predictor/encode.js';
import { decodeUtf8 } from '../utf8.js';

const LINE_FEED = 0x0a;

/**
 * Yields the lines of a file, or of standard input for `-`, as their bytes. Only \n ends a line, because JSON strings
 * may hold the other line breaks. Throws UserError if the file cannot be read.
 */
export async function* readLines(path: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path);
  /** The parts of a line whose end has not been read yet. */
  let parts: Buffer[] = [];
  try {
    for await (const chunk of stream) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        yield Buffer.concat([...parts, chunk.subarray(start, end)]);
        parts = [];
        start = end + 1;
      }
      parts.push(chunk.subarray(start));
    }
  } catch (error) {
    throw readError(path, error);
  }
  const last = Buffer.concat(parts);
  if (last.length > 0) yield last;
}

/** The error for a user whose file at `path` could not be written. */
export function cannotWrite(path: string, error: unknown): UserError {
  return new UserError(`${path}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
}

/** Parses a line. Throws UserError if it is not a JSON object. */
export function parseLine(line: string): JsonObject {
  const value = parseJson(line);
  if (!isJsonObject(value)) throw new UserError('expected a JSON object');
  return value;
}

/** A line of a file. */
export interface Line {
  /** The file and the number of the line, for errors. */
  readonly where: string;
  readonly json: JsonObject;
}

/**
 * Yields the lines of a file that are not blank. Throws UserError, which names the line, if one is no JSON object
 * in UTF-8.
 */
export async function* readObjects(path: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const line of readLines(path)) {
    number++;
    const where = `${path} line ${number}`;
    const text = at(where, () => decodeUtf8(line));
    if (text.trim() !== '') yield { where, json: at(where, () => parseLine(text)) };
  }
}

/** Does the work for a line. Its errors become UserErrors that name the line. */
export function at<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UserError(`${where}: ${(error as Error).message}`);
  }
}

/** A text, a pair of texts, or the words of a text. */
export type Example = { readonly text: string } | TextPair | { readonly tokens: readonly string[] };

/** The key of a line, or the column of a table, that has the second text of a pair. */
const PAIR = 'text_pair';

/** That key, unless the text itself has it. */
export function pairKey(textKey: string): string | undefined {
  return textKey === PAIR ? undefined : PAIR;
}

/**
 * The example in a line, whose text has the key `key`. A second text that is null is none. Throws UserError if it has
 * neither a text nor words.
 */
export function exampleOf(line: JsonObject, key = 'text'): Example {
  const { [key]: text, tokens } = line;
  const pairName = pairKey(key);
  const pair = pairName === undefined ? undefined : (line[pairName] ?? undefined);
  if (pair !== undefined && typeof pair !== 'string') {
    throw new UserError(`expected "${PAIR}" to be a string, found ${shown(pair)}`);
  }
  if (typeof text === 'string') return pair === undefined ? { text } : { text, text_pair: pair };
  if (pair !== undefined) throw new UserError(`expected "${key}", a string, beside "${PAIR}"`);
  if (isStrings(tokens)) return { tokens };
  throw new UserError(`expected "${key}", a string, or "tokens", a list of strings`);
}

export function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string');
}

/** The text of an example, which is no pair; words are joined by spaces. */
export function textOf(example: Example): string {
  if ('text_pair' in example) throw new UserError('expected one text, found a pair: "text" and "text_pair"');
  return 'text' in example ? example.text : example.tokens.join(' ');
}

/** The text or the pair of texts of an example for a classifier; words are joined by spaces. */
export function textOrPair(example: Example): string | TextPair {
  return 'text_pair' in example ? example : textOf(example);
}
