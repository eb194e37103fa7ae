// Opens the files of predict in the formats that their names tell.

import { UserError } from '../../errors.js';
import { jsonLinesInput, jsonLinesOutput } from './jsonLines.js';
import { type AnswerColumn, formatOf, type Input, type Output } from './rows.js';

/**
 * `only`: the columns of a Parquet file that are read, also those with lists; otherwise those that can be carried over.
 * Throws UserError where the file cannot be read, or is a table without the text column.
 */
export async function openInput(path: string, textColumn: string, only?: readonly string[]): Promise<Input> {
  // The libraries of tables are loaded only where they are needed.
  switch (formatOf(path)) {
    case 'jsonl':
      return jsonLinesInput(path, textColumn);
    case 'csv':
      return (await import('./csv.js')).csvInput(path, textColumn);
    case 'parquet':
      return (await import('./parquetInput.js')).parquetInput(path, textColumn, only);
  }
}

/**
 * `isResumed`: goes on after the answers that the file has. Throws UserError where the file cannot be written, or an
 * answer and the input have a column of the same name.
 */
export async function openOutput(
  path: string,
  input: Input,
  answerColumns: readonly AnswerColumn[],
  isResumed: boolean,
): Promise<Output> {
  const twice = answerColumns.find(({ name }) => input.columns.includes(name));
  if (twice) {
    throw new UserError(
      `expected no column ${twice.name} in the input, because answers have one of this name: rename it`,
    );
  }
  switch (formatOf(path)) {
    case 'jsonl':
      return jsonLinesOutput(path, isResumed);
    case 'csv':
      return (await import('./csv.js')).csvOutput(path, input.columns, answerColumns, isResumed);
    case 'parquet':
      return (await import('./parquetOutput.js')).parquetOutput(path, input, answerColumns, isResumed);
  }
}
