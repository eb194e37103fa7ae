// lsllama eval: measures a model on labelled data.

import type { Command } from 'commander';
import { UserError } from '../errors.js';
import type { Manifest } from '../model/manifest.js';
import { evaluateClassifier } from './evaluate/classifier.js';
import type { Evaluate, EvaluationOptions } from './evaluate/evaluation.js';
import { evaluateRegression } from './evaluate/regression.js';
import { evaluateTagger } from './evaluate/tagger.js';
import { type Line, readObjects } from './jsonl.js';
import { checkDecoding, type OfflineOptions, withModel } from './offline.js';
import { cacheOption, decodingOption, deviceOption, longTextOption, wholeNumber } from './options.js';

interface EvalOptions extends OfflineOptions, EvaluationOptions {
  readonly json?: true;
  readonly limit?: number;
}

export function configure(command: Command): void {
  command
    .argument('<model>', 'a model folder or a recipe folder')
    .argument('<data>', 'JSON lines with "text" and "label", or "tokens" and "tags"; - for standard input')
    .option('--json', 'print the report as JSON')
    .option('--limit <n>', 'use only the first n lines', wholeNumber(1))
    .addOption(longTextOption())
    .addOption(decodingOption())
    .addOption(deviceOption())
    .addOption(cacheOption())
    .action(async (path: string, data: string, options: EvalOptions) => {
      const lines = await readData(data, options.limit);
      await withModel(path, options, async model => {
        checkDecoding(model, options.decoding);
        const { report, text } = await evaluationFor(model.manifest)(model, lines, options);
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : text);
      });
    });
}

function evaluationFor({ task, problemType }: Manifest): Evaluate {
  if (task === 'token') return evaluateTagger;
  return problemType === 'regression' ? evaluateRegression : evaluateClassifier;
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
