// What predict reads and writes, whatever the format of the files: rows in, and as many answers out, in the same order.

import { extname } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { UserError } from '../../errors.js';
import type { Example } from '../jsonl.js';

export type Format = 'jsonl' | 'csv' | 'parquet';

/** The format of a file by its name. Standard input and output (`-`), and files of other names, have JSON lines. */
export function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  if (extension === '.csv') return 'csv';
  return extension === '.parquet' ? 'parquet' : 'jsonl';
}

/** A line of JSON lines, or a row of a table. */
export interface Row {
  /** What the answer carries over, by column. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Throws UserError where the row has no text. */
  example(): Example;
}

export interface Input {
  /** The columns that are carried over: those of a table, none of JSON lines. */
  readonly columns: readonly string[];
  /** Their types in Parquet. Without it, all are texts. */
  readonly schema?: readonly SchemaElement[];
  /** The number of rows. Undefined where it is not known before all are read. */
  count(): Promise<number | undefined>;
  /**
   * The rows from that with the index `from` on. `asStored`: times are numbers as they are in the file, and not dates,
   * which have only milliseconds. Throws UserError where the file cannot be read further.
   */
  rows(from: number, asStored?: boolean): AsyncIterable<Row>;
}

/** `{ error }`, or the fields of an answer. */
export type Answer = Readonly<Record<string, unknown>>;

/** A field of answers, which is a column in tables. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: 'STRING' | 'DOUBLE' | 'JSON';
}

export interface Output {
  /** The answers that an earlier run has written, and how many of them are errors. */
  readonly kept: { readonly answers: number; readonly errors: number };
  /** Throws UserError where the file cannot be written. */
  write(row: Row, answer: Answer): Promise<void>;
  /** Ends the file. `onWritten` is called with the number of rows so far, where all of them are written only now. */
  end(onWritten: (rows: number) => void): Promise<void>;
}

/** Throws UserError where the columns of a table do not include the text column, or one stands twice. */
export function checkColumns(path: string, columns: readonly string[], textColumn: string): void {
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new UserError(`${path}: expected each column once, but ${JSON.stringify(repeated)} stands twice`);
  }
  if (columns.includes(textColumn)) return;
  throw new UserError(
    `${path}: expected a column ${JSON.stringify(textColumn)}, found ${columns.join(', ') || 'none'}: --text-column names the one with the text`,
  );
}
