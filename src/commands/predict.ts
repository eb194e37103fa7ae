// lsllama predict: reads texts and writes an answer for each, in order. Texts and answers are in JSON lines or in tables.

import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { EngineError } from '../engine/errors.js';
import { UserError } from '../errors.js';
import { UnusableText } from '../predictor/encode.js';
import type { LoadedModel } from '../predictor/model.js';
import { noAbstention } from '../predictor/thresholds.js';
import { FatalSequence } from '../scheduler/errors.js';
import { checkDecoding, type OfflineOptions, withModel } from './offline.js';
import { cacheOption, decodingOption, deviceOption, longTextOption, share } from './options.js';
import { type AnswerOptions, answer, answerColumns } from './predict/answers.js';
import { openInput, openOutput } from './predict/files.js';
import type { Answer, Input, Output, Row } from './predict/rows.js';
import { startProgress } from './progress.js';

interface PredictOptions extends OfflineOptions, AnswerOptions {
  readonly input: string;
  readonly output: string;
  readonly textColumn: string;
  readonly resume?: true;
}

/** Rows whose answers are awaited at the same time: enough to fill batches, few enough to hold in memory. */
const ROWS_IN_FLIGHT = 256;

export function configure(command: Command): void {
  command
    .argument('<model>', 'a model folder or a recipe folder')
    .option(
      '--input <file>',
      'JSON lines with "text", "text" and "text_pair", or "tokens", or a .csv or .parquet file',
      '-',
    )
    .option(
      '--output <file>',
      'the file to write, an answer for each line; .csv or .parquet for a table',
      '-',
    )
    .option('--text-column <name>', 'the column, or the key of a line, that has the text', 'text')
    .option('--resume', 'go on where an earlier run of the same command was interrupted')
    .option('--logits', 'add the logits, before softmax')
    .option('--abstain', 'for classifiers: give the label null where its probability is below its threshold')
    .addOption(
      new Option('--threshold <p>', 'the threshold of all labels, instead of those that the model keeps')
        .argParser(share)
        .implies({ abstain: true }),
    )
    .addOption(longTextOption())
    .addOption(decodingOption())
    .addOption(deviceOption())
    .addOption(cacheOption())
    .action(async (path: string, options: PredictOptions) => {
      const { input, output, resume = false, textColumn } = options;
      if (resume && output === '-') {
        command.error('error: --resume: expected --output, the file that an earlier run began to write');
      }
      if (isSameFile(output, input)) {
        throw new UserError(`${output}: expected another file than the input, found the input itself`);
      }
      const rows = await openInput(input, textColumn);
      const errors = await withModel(path, options, async model => {
        checkDecoding(model, options.decoding);
        const reason = options.abstain && noAbstention(model.manifest, options.threshold);
        if (reason) throw new UserError(`--abstain: ${reason}`);
        const answers = await openOutput(output, rows, answerColumns(model.manifest, options), resume);
        return predict(model, rows, answers, options);
      });
      if (errors > 0) process.exitCode = 1;
    });
}

/** Answers the rows that have no answer yet. Resolves to the number of all rows that have an error for an answer. */
async function predict(
  model: LoadedModel,
  input: Input,
  output: Output,
  options: PredictOptions,
): Promise<number> {
  const total = await input.count();
  let { answers: done, errors } = output.kept;
  if (total !== undefined && done > total) {
    throw new UserError(
      `${options.output}: expected at most ${total} answers, one for each row of ${options.input}, found ${done}`,
    );
  }
  const progress = startProgress();
  const update = () => progress.update('predict', { stage: 'predicting', done, total, unit: 'texts' });
  // Bars would be torn apart by answers on the same terminal.
  const isShown = options.output !== '-' || !process.stdout.isTTY;
  const pending: { readonly row: Row; readonly answered: Promise<Answer> }[] = [];
  const writeNext = async () => {
    const { row, answered } = pending.shift()!;
    const answer = await answered;
    if ('error' in answer) errors++;
    await output.write(row, answer);
    done++;
    if (isShown) update();
  };
  try {
    if (isShown) update();
    for await (const row of input.rows(done)) {
      const answered = answerOrError(model, row, options);
      // A rejection is reported where the answer is awaited.
      answered.catch(() => {});
      pending.push({ row, answered });
      if (pending.length >= ROWS_IN_FLIGHT) await writeNext();
    }
    while (pending.length > 0) await writeNext();
    await output.end(rows =>
      progress.update('predict', { stage: 'writing', done: rows, total: done, unit: 'rows' }),
    );
  } finally {
    progress.end('predict');
  }
  return errors;
}

/** The error of a row takes the place of its answer. Other errors end the run, which can be resumed. */
async function answerOrError(model: LoadedModel, row: Row, options: AnswerOptions): Promise<Answer> {
  try {
    return await answer(model, row.example(), options);
  } catch (error) {
    if ([UserError, UnusableText, EngineError, FatalSequence].some(kind => error instanceof kind)) {
      return { error: (error as Error).message };
    }
    throw error;
  }
}

function isSameFile(path: string, other: string): boolean {
  const [a, b] = [path, other].map(name => statSync(name, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev && a.isFile();
}
