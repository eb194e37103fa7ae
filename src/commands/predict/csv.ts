// predict with CSV (RFC 4180): a header, then a row for each text. All columns are carried over.

import { createReadStream, existsSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { readError } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import { decodeUtf8 } from '../../utf8.js';
import { pairKey } from '../jsonl.js';
import { textOfCell } from './cells.js';
import { type AnswerColumn, checkColumns, type Input, type Output } from './rows.js';
import { countRecords, cut, openTextFile, wholeRecords } from './textFile.js';

/** The longest record, in characters: a quote that is never closed would otherwise take in the rest of the file. */
const MAX_RECORD = 1 << 24;

/** Throws UserError where the file cannot be read, or does not have the text column. */
export async function csvInput(path: string, textColumn: string): Promise<Input> {
  const columns = (await headerOf(path)) ?? [];
  checkColumns(path, columns, textColumn);
  const text = columns.indexOf(textColumn);
  const pairColumn = pairKey(textColumn);
  const pair = pairColumn === undefined ? -1 : columns.indexOf(pairColumn);
  return {
    columns,
    count: async () => (await countRecords(path, true))! - 1,
    async *rows(from) {
      let index = -1;
      for await (const record of records(path)) {
        if (index++ < from) continue;
        yield {
          values: Object.fromEntries(columns.map((name, column) => [name, String(record[column] ?? '')])),
          example() {
            if (record.length !== columns.length) {
              throw new UserError(`expected ${columns.length} columns, found ${record.length}`);
            }
            const second = record[pair];
            return { text: decodeUtf8(record[text]!), ...(second && { text_pair: decodeUtf8(second) }) };
          },
        };
      }
    },
  };
}

/**
 * `isResumed`: goes on after the whole rows of the file. Throws UserError where it cannot be written, or has other
 * columns than these.
 */
export async function csvOutput(
  path: string,
  carried: readonly string[],
  answerColumns: readonly AnswerColumn[],
  isResumed: boolean,
): Promise<Output> {
  const header = [...carried, ...answerColumns.map(({ name }) => name)];
  const written = isResumed && existsSync(path) ? await wholeRecords(path, true) : { records: 0, end: 0 };
  const errors = written.records > 0 ? await countErrors(path, header, written.end) : 0;
  if (isResumed && existsSync(path)) await cut(path, written.end);
  const file = await openTextFile(path, isResumed);
  const write = (cells: readonly string[]) => file.write(stringify([cells], { quoted_match: /\r/ }));
  if (written.records === 0) await write(header);
  return {
    kept: { answers: Math.max(0, written.records - 1), errors },
    write: ({ values }, answer) =>
      write(
        [...carried.map(name => values[name]), ...answerColumns.map(({ name }) => answer[name])].map(
          textOfCell,
        ),
      ),
    end: () => file.end(),
  };
}

/**
 * The number of rows up to the byte `end` with an error, which is the last column. Throws UserError where the file has
 * another header.
 */
async function countErrors(path: string, header: readonly string[], end: number): Promise<number> {
  let errors = -1;
  for await (const record of records(path, end)) {
    if (errors < 0 && String(record) !== String(header)) {
      throw new UserError(
        `${path}: expected the columns ${header.join(', ')} of an earlier run, found ${record.map(String).join(', ')}`,
      );
    }
    if (errors < 0 || record.at(-1)!.length > 0) errors++;
  }
  return errors;
}

async function headerOf(path: string): Promise<string[] | undefined> {
  for await (const record of records(path)) return record.map(field => decodeUtf8(field, path));
  return undefined;
}

/** Yields the fields of all records up to the byte `end`, the header too. Throws UserError where the file cannot be read or is no CSV. */
async function* records(path: string, end = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer[]> {
  const parser = parse({ encoding: null, relax_column_count: true, max_record_size: MAX_RECORD });
  // The iteration reports the errors of both streams.
  pipeline(createReadStream(path, { end: end - 1 }), withoutMark, parser, () => {});
  try {
    yield* parser as AsyncIterable<Buffer[]>;
  } catch (error) {
    if (error instanceof CsvError) throw new UserError(`${path}: ${error.message}`);
    throw readError(path, error);
  }
}

const MARK = Buffer.from('\u{feff}');

/** Leaves out a byte order mark, after which the library would give texts instead of bytes. */
async function* withoutMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of chunks) {
    yield isFirst && chunk.subarray(0, MARK.length).equals(MARK) ? chunk.subarray(MARK.length) : chunk;
    isFirst = false;
  }
}
