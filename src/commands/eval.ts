// lsllama eval: measures a model on labelled data.

import { basename } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.js';
import { checkUnsigned, keepReading } from '../model/keepReading.js';
import type { Manifest } from '../model/manifest.js';
import type { LoadedModel } from '../predictor/model.js';
import { evaluateClassifier } from './evaluate/classifier.js';
import {
  type Evaluate,
  type Evaluation,
  type EvaluationOptions,
  evaluationText,
} from './evaluate/evaluation.js';
import { evaluateLabelSets, haveLabelSets } from './evaluate/labelSets.js';
import { evaluationPage } from './evaluate/page.js';
import { evaluateRegression } from './evaluate/regression.js';
import { evaluateTagger } from './evaluate/tagger.js';
import { type Line, readObjects } from './jsonl.js';
import { checkDecoding, type OfflineOptions, withModel } from './offline.js';
import { cacheOption, decodingOption, deviceOption, longTextOption, wholeNumber } from './options.js';
import { checkWritable, writeWhole } from './outputFile.js';

interface EvalOptions extends OfflineOptions, EvaluationOptions {
  readonly json?: true;
  readonly html?: string;
  readonly limit?: number;
  readonly keepReference?: true;
}

export function configure(command: Command): void {
  command
    .argument('<model>', 'a model folder or a recipe folder')
    .argument(
      '<data>',
      'JSON lines with "text" and "label" or "labels" (for pairs with "text_pair"), or "tokens" and "tags"; - for standard input',
    )
    .option('--json', 'print the report as JSON')
    .option('--html <file>', 'write the report with its diagrams as a page, too')
    .option('--limit <n>', 'use only the first n lines', wholeNumber(1))
    .option(
      '--fit-temperature',
      'fit the temperature of the probabilities to this data, which should not be test data, and keep it in the folder',
    )
    .option(
      '--keep-reference',
      'keep the shares of the labels and their mean score in the folder, for the service to show beside what it predicts',
    )
    .addOption(longTextOption())
    .addOption(decodingOption())
    .addOption(deviceOption())
    .addOption(cacheOption())
    .action(async (path: string, data: string, options: EvalOptions) => {
      if (options.html !== undefined) checkWritable(options.html);
      const lines = await readData(data, options.limit);
      if (options.fitTemperature && options.keepReference) {
        throw new UserError(
          '--keep-reference: expected a run of its own after --fit-temperature, which changes the scores',
        );
      }
      if (options.fitTemperature || options.keepReference) checkUnsigned(path);
      await withModel(path, options, async model => {
        checkDecoding(model, options.decoding);
        const evaluation = await evaluationFor(model.manifest, lines)(model, lines, options);
        if (options.html !== undefined) writePage(options.html, data, model, lines.length, evaluation);
        process.stdout.write(
          options.json ? `${JSON.stringify(evaluation.report)}\n` : evaluationText(evaluation),
        );
        const { temperature, reference } = evaluation;
        if (temperature !== undefined) {
          const file = keepReading(path, { temperature });
          process.stderr.write(`the temperature ${temperature} is kept in ${file}\n`);
        }
        if (options.keepReference) {
          if (!reference) throw new UserError('--keep-reference: expected a classifier or a tagger');
          const file = keepReading(path, { reference });
          process.stderr.write(`the shares of the labels are kept in ${file}\n`);
        }
      });
    });
}

function evaluationFor({ task, problemType }: Manifest, lines: readonly Line[]): Evaluate {
  if (task === 'token') return evaluateTagger;
  if (problemType === 'regression') return evaluateRegression;
  return haveLabelSets(lines) ? evaluateLabelSets : evaluateClassifier;
}

function writePage(
  file: string,
  data: string,
  { name, manifest }: LoadedModel,
  count: number,
  evaluation: Evaluation,
): void {
  const head = {
    title: `Evaluation of ${name}`,
    subtitle: `Version ${manifest.version}, ${manifest.precision}, on ${count} examples of ${basename(data)}`,
  };
  writeWhole(file, evaluationPage(head, evaluation));
}

/**
 * Parses the lines that are not blank. Throws UserError for the first bad line, because figures over the other lines
 * would not be those of the data.
 */
async function readData(path: string, limit = Number.POSITIVE_INFINITY): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readObjects(path)) {
    lines.push(line);
    if (lines.length >= limit) break;
  }
  if (lines.length === 0) throw new UserError(`${path}: expected JSON lines, found none`);
  return lines;
}
