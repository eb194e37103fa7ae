// Writes answers to a Parquet file. A Parquet file is of use only when it is whole, so the answers go to JSON lines beside
// it, with which a run can be resumed, and become the Parquet file when all are there.

import { existsSync, renameSync, rmSync } from 'node:fs';
import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { cannotWrite } from '../jsonl.js';
import { jsonLinesOutput, readAnswers } from './jsonLines.js';
import { parquetInput } from './parquetInput.js';
import type { Answer, AnswerColumn, Input, Output, Row } from './rows.js';

/** Rows of a row group. */
const ROWS = 1 << 14;

/** `isResumed`: goes on after the answers beside the file. Throws UserError where it cannot be written. */
export async function parquetOutput(
  path: string,
  input: Input,
  answerColumns: readonly AnswerColumn[],
  isResumed: boolean,
): Promise<Output> {
  const answersPath = `${path}.answers.jsonl`;
  if (isResumed && existsSync(path) && !existsSync(answersPath)) return finishedOutput(path);
  const answers = await jsonLinesOutput(answersPath, isResumed);
  return {
    kept: answers.kept,
    // The values of the row are read from the input again when the file is written.
    write: ({ example }, answer) => answers.write({ values: {}, example }, answer),
    async end(onWritten) {
      await answers.end(onWritten);
      await writeParquet(path, input, answerColumns, readAnswers(answersPath), onWritten);
      rmSync(answersPath);
    },
  };
}

/** A file that an earlier run has finished. */
async function finishedOutput(path: string): Promise<Output> {
  const kept = { answers: 0, errors: 0 };
  for await (const { values } of (await parquetInput(path, 'error')).rows(0)) {
    kept.answers++;
    if (values.error !== null) kept.errors++;
  }
  return { kept, write: async () => {}, end: async () => {} };
}

async function writeParquet(
  path: string,
  input: Input,
  answerColumns: readonly AnswerColumn[],
  answers: AsyncIterable<Answer>,
  onWritten: (rows: number) => void,
): Promise<void> {
  let written = 0;
  const schema: SchemaElement[] = [
    { name: 'schema', num_children: input.columns.length + answerColumns.length },
    ...(input.schema?.map(readableElement) ?? input.columns.map(name => elementOf({ name, type: 'STRING' }))),
    ...answerColumns.map(elementOf),
  ];
  const partial = `${path}.partial`;
  try {
    const writer = new ParquetWriter({ writer: fileWriter(partial), schema });
    for await (const rows of inGroups(input, answers)) {
      await writer.write({
        columnData: [
          // The library takes null for a value of JSON, and undefined for none.
          ...input.columns.map(name => ({ name, data: rows.map(({ values }) => values[name] ?? undefined) })),
          ...answerColumns.map(({ name }) => ({
            name,
            data: rows.map(({ answer }) => answer[name] ?? undefined),
          })),
        ],
        rowGroupSize: ROWS,
      });
      written += rows.length;
      onWritten(written);
    }
    await writer.finish();
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    if ((error as NodeJS.ErrnoException).code) throw cannotWrite(path, error);
    throw error;
  }
}

interface AnsweredRow {
  readonly values: Row['values'];
  readonly answer: Answer;
}

/** The rows of the input with their answers, in groups. */
async function* inGroups(input: Input, answers: AsyncIterable<Answer>): AsyncGenerator<AnsweredRow[]> {
  // Lines of JSON lines are not read again: nothing of them is carried over, and standard input has gone.
  const rows = input.columns.length > 0 ? input.rows(0, true)[Symbol.asyncIterator]() : undefined;
  let group: AnsweredRow[] = [];
  for await (const answer of answers) {
    const row = await rows?.next();
    group.push({ values: row?.value?.values ?? {}, answer });
    if (group.length < ROWS) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/**
 * The column of a table. The library writes the logical type of integers as PyArrow cannot read it; the older converted
 * type says the same.
 */
function readableElement({ logical_type, ...element }: SchemaElement): SchemaElement {
  return logical_type?.type === 'INTEGER' || logical_type === undefined
    ? element
    : { ...element, logical_type };
}

/** The column of a field of answers, or of a table without types. */
function elementOf({ name, type }: AnswerColumn): SchemaElement {
  if (type === 'DOUBLE') return { name, type, repetition_type: 'OPTIONAL' };
  const kind = type === 'JSON' ? type : 'UTF8';
  return { name, type: 'BYTE_ARRAY', converted_type: kind, repetition_type: 'OPTIONAL' };
}
