// Labelled texts as training reads them: a sequence of tokens, and the labels of each row that the head reads.

import type { WrittenTensor } from '../checkpoint/safetensorsWriter.js';
import { countTokens, type Sequence } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import { encodeText, encodeWords, type TextPair, UnusableText } from '../predictor/encode.js';
import type { Encoder } from '../predictor/model.js';

export interface LabelledText {
  /** The file and the line, for errors. */
  readonly where: string;
  /** A text or a pair of texts; for a tagger, words. */
  readonly text: string | TextPair | readonly string[];
  /** The labels of a text, one unless it may have several; the tag of each word. */
  readonly labels: readonly string[];
  /** Whether the line may have any number of labels. */
  readonly isMulti: boolean;
}

export interface TrainingExample {
  readonly sequence: Sequence;
  /** The labels of each row that the head reads: the text, or each of its words that has a token. Rows of the head. */
  readonly rows: readonly (readonly number[])[];
  /** Whether tokens were cut off to fit the length. */
  readonly truncated: boolean;
}

/**
 * Encodes a text and its labels. A text over the model's length is cut, as in transformers.
 * Throws UserError, naming the line, where the text is empty or has a label that is not among `labels`.
 */
export function encodeLabelled(
  model: Encoder,
  { where, text, labels: given }: LabelledText,
  labels: readonly string[],
): TrainingExample {
  const rows = given.map(label => {
    const row = labels.indexOf(label);
    if (row < 0) {
      throw new UserError(
        `${where}: expected one of the labels ${labels.join(', ')}, found ${JSON.stringify(label)}: --labels names them all`,
      );
    }
    return row;
  });
  try {
    return isWords(text) ? encodeTagged(model, where, text, rows) : encodeClassified(model, text, rows);
  } catch (error) {
    if (error instanceof UnusableText) throw new UserError(`${where}: ${error.message}`);
    throw error;
  }
}

function isWords(text: LabelledText['text']): text is readonly string[] {
  return Array.isArray(text);
}

function encodeClassified(model: Encoder, text: string | TextPair, rows: readonly number[]): TrainingExample {
  const { sequences, truncated } = encodeText(model, text);
  return { sequence: sequences[0]!, rows: [rows], truncated };
}

/** Words after the length are left out with their tags. */
function encodeTagged(
  model: Encoder,
  where: string,
  tokens: readonly string[],
  tags: readonly number[],
): TrainingExample {
  const { words, windows, sequences } = encodeWords(model, tokens);
  const [window] = windows;
  if (!window) throw new UserError(`${where}: expected words, found no token`);
  const inWindow = words.slice(0, window.endWord).map((ids, word) => ({ ids, tag: tags[word]! }));
  const rows = inWindow.filter(({ ids }) => ids.length > 0).map(({ tag }) => [tag]);
  return { sequence: sequences[0]!, rows, truncated: windows.length > 1 };
}

/** The tokens of an example. */
export function tokensIn({ sequence }: TrainingExample): number {
  return sequence.ids.length;
}

/** The tokens of some examples. */
export function tokensOf(examples: readonly TrainingExample[]): number {
  return countTokens(examples.map(({ sequence }) => sequence));
}

/** The rows of some examples that the head reads. */
export function rowsIn(examples: readonly TrainingExample[]): number {
  return examples.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** The targets of some examples: 1 where a row has a label, 0 elsewhere; [rows, labels]. */
export function targetsOf(examples: readonly TrainingExample[], labels: number): WrittenTensor {
  const rows = examples.flatMap(example => example.rows);
  const values = new Float32Array(rows.length * labels);
  for (const [row, own] of rows.entries()) for (const label of own) values[row * labels + label] = 1;
  return { shape: [rows.length, labels], values };
}
