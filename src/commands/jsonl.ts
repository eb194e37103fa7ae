// JSON lines, as predict and eval read them.

import { createReadStream } from 'node:fs';
import { isJsonObject, type JsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';

/** Lines of a file, or of standard input for `-`. Only \n ends a line: JSON strings may hold the other line breaks. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  stream.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      yield* lines.map(line => line.replace(/\r$/, ''));
    }
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (rest !== '') yield rest;
}

/** Parses a line. Throws UserError that says what is wrong with it. */
export function parseLine(line: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(`not valid JSON: ${(error as Error).message}`);
  }
  if (!isJsonObject(value)) throw new UserError('expected a JSON object');
  return value;
}

/** A line's example: a text, or its words. Throws UserError where it has neither. */
export function exampleOf(line: JsonObject): { text: string } | { tokens: string[] } {
  const { text, tokens } = line;
  if (typeof text === 'string') return { text };
  if (Array.isArray(tokens) && tokens.every(token => typeof token === 'string')) return { tokens };
  throw new UserError('expected "text", a string, or "tokens", a list of strings');
}
