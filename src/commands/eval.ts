// lsllama eval: measures a model on labelled data.

import type { Command } from 'commander';
import { type Json, shown } from '../checkpoint/files.js';
import { labelText } from '../checkpoint/labels.js';
import { UserError } from '../errors.js';
import { type Manifest, notationOf } from '../model/manifest.js';
import { classify } from '../predictor/classify.js';
import { encodeText, encodeWords, type LongText } from '../predictor/encode.js';
import { type LoadedModel, UNHURRIED } from '../predictor/model.js';
import { tag } from '../predictor/tag.js';
import { type Notation, parseTag, readNotation } from '../text/notation.js';
import { notationText } from '../text/notationText.js';
import { type RegressionReport, regressionReport } from '../text/regressionScore.js';
import {
  type ClassificationReport,
  classificationReport,
  type EntityReport,
  entityReport,
  type Scores,
} from '../text/score.js';
import type { Decoding } from '../text/tags.js';
import { at, exampleOf, type Line, readObjects, textOf } from './jsonl.js';
import { checkDecoding, type OfflineOptions, withModel } from './offline.js';
import { cacheOption, decodingOption, deviceOption, longTextOption, wholeNumber } from './options.js';
import { startProgress } from './progress.js';
import { alignedTable } from './table.js';

interface EvalOptions extends OfflineOptions {
  readonly json?: true;
  readonly limit?: number;
  readonly longText: LongText;
  readonly decoding?: Decoding;
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
        const [report, text] = await evaluate(model, lines, options);
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : text);
      });
    });
}

/** The report of a model's quality, and its text. */
async function evaluate(
  model: LoadedModel,
  lines: readonly Line[],
  { longText, decoding }: EvalOptions,
): Promise<[object, string]> {
  const { task, problemType } = model.manifest;
  if (task === 'token') {
    const report = await evaluateTagger(model, lines, decoding);
    return [report, entityText(report)];
  }
  if (problemType === 'regression') {
    const report = await evaluateRegression(model, lines, longText);
    return [report, regressionText(report)];
  }
  const report = await evaluateClassifier(model, lines, longText);
  return [report, classificationText(report)];
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

async function evaluateClassifier(
  model: LoadedModel,
  lines: readonly Line[],
  longText: LongText,
): Promise<ClassificationReport> {
  const labels = isYesOrNo(model.manifest) ? ['false', 'true'] : model.manifest.labels;
  const examples = lines.map(({ where, json }) =>
    at(where, () => {
      const text = textOf(exampleOf(json));
      const label = goldLabel(model.manifest, json.label);
      if (label === undefined || !labels.includes(label)) {
        throw new UserError(`expected "label" to be one of ${labels.join(', ')}, found ${shown(json.label)}`);
      }
      return { label, text: encodeText(model, text, { longText }) };
    }),
  );
  const results = await withProgress(examples, example =>
    classify(model, [example.text], UNHURRIED, longText),
  );
  return classificationReport(
    examples.map(({ label: gold }, i) => {
      const { label, score } = results[i]![0]!;
      return [gold, isYesOrNo(model.manifest) ? String(score >= 0.5) : label];
    }),
    labels,
  );
}

/** Whether a model has one label, that of yes. It is measured on true and false. */
function isYesOrNo({ problemType, labels }: Manifest): boolean {
  return problemType === 'binary' && labels.length === 1;
}

/** The label that the data gives: true or false, or 1 or 0, for a model with one label. */
function goldLabel(manifest: Manifest, label: Json | undefined): string | undefined {
  if (!isYesOrNo(manifest)) return labelText(label);
  return label === 0 || label === 1 || typeof label === 'boolean' ? String(Boolean(label)) : undefined;
}

async function evaluateRegression(
  model: LoadedModel,
  lines: readonly Line[],
  longText: LongText,
): Promise<RegressionReport> {
  const examples = lines.map(({ where, json }) =>
    at(where, () => {
      const text = textOf(exampleOf(json));
      if (typeof json.label !== 'number') {
        throw new UserError(`expected "label" to be a number, found ${shown(json.label)}`);
      }
      return { label: json.label, text: encodeText(model, text, { longText }) };
    }),
  );
  const results = await withProgress(examples, example =>
    classify(model, [example.text], UNHURRIED, longText),
  );
  return regressionReport(examples.map(({ label }, i) => [label, results[i]![0]!.score]));
}

async function evaluateTagger(
  model: LoadedModel,
  lines: readonly Line[],
  decoding?: Decoding,
): Promise<EntityReport> {
  const examples = lines.map(({ where, json: { tokens, tags } }) =>
    at(where, () => {
      const strings = (value: unknown): value is string[] =>
        Array.isArray(value) && value.every(v => typeof v === 'string');
      if (!strings(tokens) || !strings(tags) || tokens.length !== tags.length) {
        throw new UserError('expected "tokens" and "tags", two lists of strings of the same length');
      }
      return { tags, words: encodeWords(model, tokens) };
    }),
  );
  const results = await withProgress(examples, example => tag(model, [example.words], UNHURRIED, decoding));
  const notation = notationOf(model.manifest);
  const goldNotation = goldNotationOf(new Set(examples.flatMap(({ tags }) => tags)), model.manifest);
  const read = (tags: readonly string[], as: Notation) => tags.map(tag => parseTag(tag, as));
  return entityReport(
    examples.map(({ tags }, i) => [read(tags, goldNotation), read(results[i]![0]!.tags, notation)]),
  );
}

/**
 * The notation of the gold tags. They may be written in another way than the model's labels, such as B_PER for B-PER:
 * their entities are compared, not their tags. Tags that the model does not know are named on standard error.
 */
function goldNotationOf(gold: ReadonlySet<string>, manifest: Manifest): Notation {
  const { labels } = manifest;
  const notation = notationOf(manifest);
  const unknown = [...gold].filter(tag => !labels.includes(tag)).sort();
  if (unknown.length === 0) return notation;
  const isKnownNotation = unknown.every(tag => parseTag(tag, notation).kind !== 'plain');
  const found = isKnownNotation ? notation : readNotation([...gold]);
  const text = notationText([...gold], found);
  process.stderr.write(`gold tags that the model does not have: ${unknown.join(', ')}; read as ${text}\n`);
  return found;
}

/** Runs all items at once, so that the scheduler can make batches of them. */
async function withProgress<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const progress = startProgress();
  const name = 'examples';
  let done = 0;
  try {
    return await Promise.all(
      items.map(async item => {
        const result = await run(item);
        progress.update(name, { stage: 'evaluating', done: ++done, total: items.length });
        return result;
      }),
    );
  } finally {
    progress.end(name);
  }
}

const percent = (share: number) => `${(100 * share).toFixed(2)}%`;

function classificationText({ accuracy, macro_f1, labels, confusion }: ClassificationReport): string {
  const names = Object.keys(labels);
  const table = alignedTable([
    ['gold \\ predicted', ...names],
    ...names.map(gold => [gold, ...names.map(predicted => String(confusion[gold]![predicted]))]),
  ]);
  return `accuracy ${percent(accuracy)}\nmacro F1 ${percent(macro_f1)}\n\n${scoreTable(labels)}\n${table}`;
}

function entityText({ precision, recall, f1, labels }: EntityReport): string {
  return `precision ${percent(precision)}\nrecall    ${percent(recall)}\nF1        ${percent(f1)}\n\n${scoreTable(labels)}`;
}

function regressionText(report: RegressionReport): string {
  const shownValue = (value: number | null) =>
    value === null ? 'undefined' : String(Number(value.toPrecision(5)));
  return alignedTable([
    ['examples', String(report.count)],
    ['mean squared error', shownValue(report.mean_squared_error)],
    ['mean absolute error', shownValue(report.mean_absolute_error)],
    ['Pearson correlation', shownValue(report.pearson)],
    ['Spearman correlation', shownValue(report.spearman)],
  ]);
}

function scoreTable(labels: Record<string, Scores>): string {
  return alignedTable([
    ['label', 'precision', 'recall', 'F1', 'count'],
    ...Object.entries(labels).map(([label, { precision, recall, f1, support }]) => [
      label,
      percent(precision),
      percent(recall),
      percent(f1),
      String(support),
    ]),
  ]);
}
