// predict with JSON lines: a line in, an answer out. Other keys of a line are not carried over.

import { existsSync } from 'node:fs';
import { decodeUtf8 } from '../../utf8.js';
import { exampleOf, parseLine, readLines } from '../jsonl.js';
import { jsonOfCell } from './cells.js';
import type { Answer, Input, Output } from './rows.js';
import { countRecords, cut, openTextFile, wholeRecords } from './textFile.js';

export function jsonLinesInput(path: string, textColumn: string): Input {
  return {
    columns: [],
    count: () => countRecords(path, false),
    async *rows(from) {
      let index = 0;
      for await (const line of readLines(path)) {
        if (index++ < from) continue;
        yield { values: {}, example: () => exampleOf(parseLine(decodeUtf8(line)), textColumn) };
      }
    },
  };
}

/** `isResumed`: goes on after the whole lines of the file. Throws UserError where it cannot be written. */
export async function jsonLinesOutput(path: string, isResumed: boolean): Promise<Output> {
  const kept = { answers: 0, errors: 0 };
  if (isResumed && existsSync(path)) {
    const { records, end } = await wholeRecords(path, false);
    const written = readAnswers(path);
    while (kept.answers < records) {
      const { value } = await written.next();
      kept.answers++;
      if (value.error !== undefined) kept.errors++;
    }
    // Only what an earlier run has written is cut: another file was refused above.
    await cut(path, end);
  }
  const file = await openTextFile(path, isResumed);
  return {
    kept,
    write: ({ values }, answer) =>
      file.write(`${JSON.stringify({ ...(jsonOfCell(values) as object), ...answer })}\n`),
    end: () => file.end(),
  };
}

/** The answers of a file that jsonLinesOutput wrote. */
export async function* readAnswers(path: string): AsyncGenerator<Answer> {
  for await (const line of readLines(path)) yield parseLine(decodeUtf8(line));
}
