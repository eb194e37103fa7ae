// Reads the rows of a Parquet file, some thousand at a time.

import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readError } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import { pairKey } from '../jsonl.js';
import { checkColumns, type Input, type Row } from './rows.js';

/** Rows that are decoded at once. Within a row group, each time reads the group's pages again from its start. */
const ROWS = 1 << 15;

/**
 * `only`: the columns to read, also those with lists. Otherwise they are those that can be carried over, and the others are
 * named on standard error.
 * Throws UserError where the file cannot be read, is no Parquet file, or does not have the text column.
 */
export async function parquetInput(
  path: string,
  textColumn: string,
  only?: readonly string[],
): Promise<Input> {
  const file = await asyncBufferFromFile(path).catch(error => {
    throw readError(path, error);
  });
  const opened = parquetMetadataAsync(file).then(metadata => {
    const elements = parquetSchema(metadata).children.map(({ element }) => element);
    return { metadata, elements };
  });
  const { metadata, elements } = await opened.catch(error => {
    throw notParquet(path, error);
  });
  checkColumns(
    path,
    elements.map(({ name }) => name),
    textColumn,
  );
  const isRead = only ? ({ name }: SchemaElement) => only.includes(name) : isCarried;
  const schema = elements.filter(isRead);
  const left = only ? [] : elements.filter(element => !isRead(element)).map(({ name }) => name);
  if (left.length > 0) {
    process.stderr.write(`${path}: columns whose types are not carried over: ${left.join(', ')}\n`);
  }
  const columns = schema.map(({ name }) => name);
  const pairColumn = pairKey(textColumn);
  for (const column of [textColumn, pairColumn]) {
    const element = elements.find(({ name }) => name === column);
    if (element && !isRead(element)) {
      throw new UserError(
        `${path}: expected texts in the column ${column}, found ${JSON.stringify(element)}`,
      );
    }
  }
  return {
    columns,
    schema,
    count: async () => Number(metadata.num_rows),
    async *rows(from, asStored = false) {
      let groupStart = 0;
      for (const { num_rows } of metadata.row_groups) {
        const groupEnd = groupStart + Number(num_rows);
        for (let rowStart = Math.max(from, groupStart); rowStart < groupEnd; rowStart += ROWS) {
          const rowEnd = Math.min(groupEnd, rowStart + ROWS);
          const read = parquetReadObjects({
            file,
            metadata,
            columns,
            rowStart,
            rowEnd,
            compressors,
            useOffsetIndex: true,
            utf8: false,
            parsers: asStored ? AS_STORED : { dateFromDays: isoDate },
          });
          const rows = await read.catch(error => {
            throw notParquet(path, error);
          });
          for (const values of rows) yield rowOf(values, textColumn);
        }
        groupStart = groupEnd;
      }
    },
  };
}

/** The kinds of values that are carried over. Others, such as decimals and lists, would lose digits or their form. */
const CARRIED = /^(UTF8|ENUM|JSON|DATE|TIMESTAMP_(MILLIS|MICROS)|INT_(8|16|32|64)|UINT_(8|16|32))$/;

function isCarried({
  type,
  converted_type,
  logical_type,
  num_children,
  repetition_type,
}: SchemaElement): boolean {
  if (num_children || repetition_type === 'REPEATED' || type === 'INT96') return false;
  if (converted_type !== undefined) return CARRIED.test(converted_type);
  return logical_type === undefined || logical_type.type === 'TIMESTAMP';
}

function isoDate(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

/** Leaves dates and times as the numbers that are in the file. */
const AS_STORED = Object.fromEntries(
  ['timestampFromMilliseconds', 'timestampFromMicroseconds', 'timestampFromNanoseconds', 'dateFromDays'].map(
    name => [name, (value: unknown) => value],
  ),
);

function rowOf(values: Record<string, unknown>, textColumn: string): Row {
  return {
    values,
    example() {
      const textOf = (column: string) => {
        const value = values[column];
        if (typeof value === 'string') return value;
        throw new UserError(
          `expected a text in the column ${column}, found ${value === null ? 'null' : typeof value}`,
        );
      };
      const text = textOf(textColumn);
      const pairColumn = pairKey(textColumn);
      return pairColumn === undefined || values[pairColumn] == null
        ? { text }
        : { text, text_pair: textOf(pairColumn) };
    },
  };
}

function notParquet(path: string, error: unknown): UserError {
  return new UserError(`${path}: cannot be read as Parquet: ${(error as Error).message}`);
}
