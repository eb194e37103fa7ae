// Compares int8 with float32 on whole test sets: how often their answers agree, and how good each is. Then checks that
// the logits of a text are the same bits in any batch.
// usage: npx tsx bench/quality.ts DATA_DIR [--texts 1000] [--limit N] [--also RECIPE=sst2/test.jsonl]
// DATA_DIR holds agnews/test.jsonl and conll03/test.jsonl. RECIPE is the recipe folder of another classifier.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from 'commander';
import type { JsonObject } from '../dist/checkpoint/files.js';
import { wholeNumber } from '../dist/commands/options.js';
import { notationOf } from '../dist/model/manifest.js';
import { classify } from '../dist/predictor/classify.js';
import { encodeText, encodeWords, sequencesOf } from '../dist/predictor/encode.js';
import { type LoadedModel, UNHURRIED } from '../dist/predictor/model.js';
import { tag } from '../dist/predictor/tag.js';
import { parseTag } from '../dist/text/notation.js';
import { classificationReport, entityReport } from '../dist/text/score.js';
import { openEngine } from './engine.ts';
import { CLASSIFIER, exportedModel, TAGGER } from './models.ts';
import { emit, emitSummary, printTable } from './report.ts';
import { readExamples, readTexts } from './texts.ts';

const BENCH = 'quality';
const PRECISIONS = ['float32', 'int8'] as const;
/** The texts of a group arrive within this time. Milliseconds. */
const ARRIVAL_MS = 20;
/** The most texts that are in flight at a time. */
const MAX_GROUP = 64;

program
  .argument('<data>', 'a folder with agnews/test.jsonl and conll03/test.jsonl')
  .option('--texts <n>', 'texts of each test set whose bits to compare', wholeNumber(1), 1000)
  .option('--limit <n>', 'use only the first n examples of each test set', wholeNumber(1))
  .option('--also <recipe=file>', 'another classifier, and its test set in the folder')
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ texts: number; limit?: number; also?: string }>();

const also = options.also?.split('=') as [recipe: string, file: string] | undefined;
const SETS = [
  ...(also ? [{ model: also[0], file: also[1], measure: labelsAndAccuracy, metric: 'accuracy' }] : []),
  { model: CLASSIFIER, file: 'agnews/test.jsonl', measure: labelsAndAccuracy, metric: 'accuracy' },
  { model: TAGGER, file: 'conll03/test.jsonl', measure: tagsAndF1, metric: 'entity F1' },
];

interface Answers {
  /** One label per text, or one tag per word. */
  readonly answers: readonly string[];
  readonly score: number;
}

const rows = [['', 'metric', ...PRECISIONS, 'same answers', 'other bits in a batch']];
for (const { model: path, file, measure, metric } of SETS) {
  const examples = readExamples(join(data, file)).slice(0, options.limit);
  const texts = readTexts(join(data, file), options.texts);
  const found: Answers[] = [];
  const differing: number[] = [];
  for (const precision of PRECISIONS) {
    const { models, close } = await openEngine([await exportedModel(path, { precision })]);
    const [model] = models as [LoadedModel];
    const answers = await measure(model, examples);
    const differ = await textsThatDiffer(model, texts);
    close();
    found.push(answers);
    differing.push(differ);
    emit(BENCH, {
      step: precision,
      data: file,
      examples: examples.length,
      answers: answers.answers.length,
      [metric]: answers.score,
      texts: texts.length,
      texts_with_other_bits: differ,
    });
  }
  const [float32, int8] = found as [Answers, Answers];
  const same = float32.answers.filter((answer, i) => answer === int8.answers[i]).length;
  const agreement = same / float32.answers.length;
  emitSummary(BENCH, { data: file, metric, float32: float32.score, int8: int8.score, agreement });
  rows.push([
    file,
    metric,
    ...found.map(({ score }) => percent(score)),
    percent(agreement),
    `${differing.join(', ')} of ${texts.length}`,
  ]);
}
printTable(rows);

async function labelsAndAccuracy(model: LoadedModel, examples: readonly JsonObject[]): Promise<Answers> {
  const { labels } = model.manifest;
  const found = await Promise.all(
    examples.map(({ text }) => classify(model, [encodeText(model, text as string)], UNHURRIED)),
  );
  const answers = found.map(([classification]) => classification!.label);
  const pairs = examples.map(({ label }, i) => [label as string, answers[i]!] as const);
  return { answers, score: classificationReport(pairs, labels).accuracy };
}

async function tagsAndF1(model: LoadedModel, examples: readonly JsonObject[]): Promise<Answers> {
  const found = await Promise.all(
    examples.map(({ tokens }) => tag(model, [encodeWords(model, tokens as string[])], UNHURRIED)),
  );
  const answers = found.map(([tagging]) => tagging!.tags);
  const notation = notationOf(model.manifest);
  const read = (tags: readonly string[]) => tags.map(tag => parseTag(tag, notation));
  const pairs = examples.map(({ tags }, i) => [read(tags as string[]), read(answers[i]!)] as const);
  return { answers: answers.flat(), score: entityReport(pairs).f1 };
}

/**
 * Runs each text alone, then all of them in random order, in random groups and at random times. Returns how many texts
 * had any other bit in their logits.
 */
async function textsThatDiffer(model: LoadedModel, texts: readonly string[]): Promise<number> {
  const encoded = texts.map(text => sequencesOf(model, text));
  const alone: Float32Array[][] = [];
  for (const sequences of encoded) {
    const logits: Float32Array[] = [];
    for (const sequence of sequences) logits.push(...(await model.run([sequence], UNHURRIED)));
    alone.push(logits);
  }
  let differing = 0;
  const order = shuffled(encoded.keys());
  while (order.length > 0) {
    const group = order.splice(0, 1 + Math.floor(Math.random() * MAX_GROUP));
    await Promise.all(
      group.map(async i => {
        await sleep(Math.random() * ARRIVAL_MS);
        const logits = await model.run(encoded[i]!, UNHURRIED);
        if (logits.some((row, sequence) => !sameBits(row, alone[i]![sequence]!))) differing++;
      }),
    );
  }
  return differing;
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );
}

/** A Fisher–Yates shuffle. */
function shuffled<T>(items: Iterable<T>): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [list[i], list[other]] = [list[other]!, list[i]!];
  }
  return list;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
