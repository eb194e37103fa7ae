// lsllama predict: reads JSON lines and writes one answer per line, in order.

import type { Command } from 'commander';
import { classify } from '../predictor/classify.js';
import { encodeText, encodeWords, type LongText, UnusableText } from '../predictor/encode.js';
import { locate } from '../predictor/locate.js';
import { type LoadedModel, UNHURRIED } from '../predictor/model.js';
import { tag } from '../predictor/tag.js';
import type { Decoding } from '../text/tags.js';
import { decodeUtf8 } from '../utf8.js';
import { type Example, exampleOf, openLines, parseLine, readLines, textOf } from './jsonl.js';
import { checkDecoding, type OfflineOptions, withModel } from './offline.js';
import { cacheOption, decodingOption, deviceOption, longTextOption } from './options.js';

interface PredictOptions extends OfflineOptions {
  readonly input: string;
  readonly output: string;
  readonly logits?: boolean;
  readonly longText: LongText;
  readonly decoding?: Decoding;
}

/** Lines whose answers are awaited at the same time: enough to fill batches, few enough to hold in memory. */
const LINES_IN_FLIGHT = 256;

export function configure(command: Command): void {
  command
    .argument('<model>', 'a model folder or a recipe folder')
    .option('--input <file>', 'JSON lines with "text" or "tokens"', '-')
    .option('--output <file>', 'the file to write, one answer per line', '-')
    .option('--logits', 'add the logits, before softmax')
    .addOption(longTextOption())
    .addOption(decodingOption())
    .addOption(deviceOption())
    .addOption(cacheOption())
    .action(async (path: string, options: PredictOptions) => {
      const failures = await withModel(path, options, model => predict(model, options));
      if (failures > 0) process.exitCode = 1;
    });
}

/** Answers every line. Resolves to the number of lines that got an error instead of an answer. */
async function predict(model: LoadedModel, { input, output, ...options }: PredictOptions): Promise<number> {
  checkDecoding(model, options.decoding);
  const out = await openLines(output, input);
  const pending: Promise<object>[] = [];
  let failures = 0;
  for await (const line of readLines(input)) {
    pending.push(
      answer(model, line, options).catch((error: Error) => {
        failures++;
        return { error: error.message };
      }),
    );
    if (pending.length >= LINES_IN_FLIGHT) await out.write(await pending.shift()!);
  }
  for (const result of pending) await out.write(await result);
  await out.end();
  return failures;
}

type AnswerOptions = Pick<PredictOptions, 'logits' | 'longText' | 'decoding'>;

async function answer(model: LoadedModel, line: Uint8Array, options: AnswerOptions): Promise<object> {
  const example = exampleOf(parseLine(decodeUtf8(line)));
  return model.manifest.task === 'sequence'
    ? classifyLine(model, example, options)
    : tagLine(model, example, options);
}

async function classifyLine(
  model: LoadedModel,
  example: Example,
  { logits: withLogits, longText }: AnswerOptions,
): Promise<object> {
  const text = encodeText(model, textOf(example), { longText });
  const [result] = await classify(model, [text], UNHURRIED, longText);
  const { label, score, probabilities, logits } = result!;
  return { label, score, probabilities, ...(withLogits && { logits: [...logits] }) };
}

async function tagLine(
  model: LoadedModel,
  example: Example,
  { logits: withLogits, decoding }: AnswerOptions,
): Promise<object> {
  const words = encodeWords(model, 'text' in example ? example.text : example.tokens);
  if (words.spans.length === 0) throw new UnusableText('the text is empty');
  const [tagging] = await tag(model, [words], UNHURRIED, decoding);
  const { entities, tags, logits } = tagging!;
  const located = locate(textOf(example), words.spans, entities, 'codepoint');
  return {
    entities: located.entities.map((entity, i) => ({
      ...entity,
      start_word: entities[i]!.startWord,
      end_word: entities[i]!.endWord,
    })),
    tags,
    ...('text' in example && { words: located.words }),
    ...(withLogits && { logits: logits.map(row => row && [...row]) }),
  };
}
