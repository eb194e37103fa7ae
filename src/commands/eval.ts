// lsllama eval: measures a model on labelled data.

import type { Command } from 'commander';
import { shown } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { type Manifest, notationOf } from '../model/manifest.js';
import { classify } from '../predictor/classify.js';
import { encodeText, encodeWords, type LongText } from '../predictor/encode.js';
import { type LoadedModel, UNHURRIED } from '../predictor/model.js';
import { tag } from '../predictor/tag.js';
import { type Notation, parseTag, readNotation } from '../text/notation.js';
import { notationText } from '../text/notationText.js';
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
        if (model.manifest.task === 'sequence') {
          const report = await evaluateClassifier(model, lines, options.longText);
          process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : classificationText(report));
        } else {
          const report = await evaluateTagger(model, lines, options.decoding);
          process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : entityText(report));
        }
      });
    });
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
  const { labels } = model.manifest;
  const examples = lines.map(({ where, json }) =>
    at(where, () => {
      const text = textOf(exampleOf(json));
      const { label } = json;
      if (typeof label !== 'string' || !labels.includes(label)) {
        throw new UserError(`expected "label" to be one of ${labels.join(', ')}, found ${shown(label)}`);
      }
      return { label, text: encodeText(model, text, { longText }) };
    }),
  );
  const results = await withProgress(examples, example =>
    classify(model, [example.text], UNHURRIED, longText),
  );
  return classificationReport(
    examples.map(({ label }, i) => [label, results[i]![0]!.label]),
    labels,
  );
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
