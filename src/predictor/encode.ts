// Text to token sequences: everything that happens to a text before a forward pass.

import type { Sequence } from '../engine/sequence.js';
import { atOnce, type Sliced } from '../slices.js';
import type { Encoding, TruncationSide, WordTokens } from '../text/tokenizer.js';
import { planWindows, type Window } from '../text/windows.js';
import { type Span, splitWords } from '../text/words.js';
import type { Encoder } from './model.js';

/**
 * The model cannot use the text: it is empty, has no token, is too long to be used uncut, or has a token without an
 * embedding.
 */
export class UnusableText extends Error {
  override readonly name = 'UnusableText';
}

/**
 * How a sequence classifier reads a text over its maximum length: it is cut, or it is read in windows whose logits are
 * averaged, or of which each label takes the greatest.
 */
export const LONG_TEXT = ['truncate', 'mean', 'max'] as const;
export type LongText = (typeof LONG_TEXT)[number];

/** Two texts that a classifier reads as one sequence, with the names that transformers gives them. */
export interface TextPair {
  readonly text: string;
  readonly text_pair: string;
}

export interface TextOptions {
  /** Whether texts over the model's maximum length may be cut. They may, unless this is false. */
  readonly truncate?: boolean;
  /** `truncate` unless it is given. The others cut nothing. */
  readonly longText?: LongText;
  /** The most tokens to read, special tokens counted, where the model would read more. */
  readonly maxLength?: number;
  /** The side on which a text is cut. The tokenizer's own unless it is given. */
  readonly truncationSide?: TruncationSide;
}

/** A text for a sequence classifier. */
export interface EncodedText {
  /** One sequence, or one per window of a long text that is not cut. */
  readonly sequences: readonly Sequence[];
  /** Tokens of the text that are read, each counted once, plus the special tokens of one sequence. */
  readonly tokens: number;
  /** Whether tokens were cut off to fit the model's maximum length. */
  readonly truncated: boolean;
}

/** The words of a text for a token classifier. */
export interface EncodedWords {
  /** The position of each word in the text; for a list of words, in the text that joins them with spaces. */
  readonly spans: readonly Span[];
  readonly words: WordTokens;
  /** Runs of words that fit the model's maximum length; they overlap by half. */
  readonly windows: readonly Window[];
  /** One sequence per window. */
  readonly sequences: readonly Sequence[];
  /** Tokens of the words, each counted once, plus the special tokens of one sequence. */
  readonly tokens: number;
}

/**
 * Encodes a text, or a pair of texts, for a sequence classifier.
 * Throws UnusableText if a text is blank, has no token, has a token that the model has no embedding for, or would have
 * to be cut while `truncate` is false, and for a pair that is to be read in windows. Throws UserError for a pair that
 * the tokenizer has no template or no room for.
 */
export function encodeText(model: Encoder, text: string | TextPair, options: TextOptions = {}): EncodedText {
  return typeof text === 'string' ? encodeOne(model, text, options) : encodePair(model, text, options);
}

function encodeOne(model: Encoder, text: string, options: TextOptions): EncodedText {
  const { manifest, tokenizer } = model;
  const { longText = 'truncate' } = options;
  if (text.trim() === '') throw new UnusableText('the text is empty');
  if (longText !== 'truncate') {
    const { windows, length } = tokenizer.encodeWindows(text, manifest.maxLength);
    return { sequences: windows.map(ids => sequenceOfText(model, ids)), tokens: length, truncated: false };
  }
  // A text has at least one token beside the special ones.
  const maxLength = Math.max(
    tokenizer.specialTokens + 1,
    Math.min(manifest.maxLength, options.maxLength ?? Number.POSITIVE_INFINITY),
  );
  return encodedText(model, tokenizer.encode(text, maxLength, options.truncationSide), options);
}

function encodePair(
  model: Encoder,
  { text, text_pair: second }: TextPair,
  options: TextOptions,
): EncodedText {
  const { longText = 'truncate', truncationSide } = options;
  if (text.trim() === '' || second.trim() === '') throw new UnusableText('a text of the pair is empty');
  if (longText !== 'truncate') throw new UnusableText('a pair of texts cannot be read in windows');
  const { manifest, tokenizer } = model;
  return encodedText(
    model,
    tokenizer.encodePair([text, second], manifest.maxLength, truncationSide),
    options,
  );
}

function encodedText(
  model: Encoder,
  { ids, truncated, length }: Encoding,
  { truncate = true }: TextOptions,
): EncodedText {
  if (truncated && !truncate) {
    const { maxLength } = model.manifest;
    throw new UnusableText(`the text has ${length} tokens, the model reads at most ${maxLength}`);
  }
  return { sequences: [sequenceOfText(model, ids)], tokens: ids.length, truncated };
}

/**
 * Encodes a text, or a list of words, for a token classifier, in as many windows as it needs.
 * Throws UnusableText if it has a token that the model has no embedding for.
 */
export function encodeWords(model: Encoder, text: string | readonly string[]): EncodedWords {
  return atOnce(encodeWordsInSlices(model, text));
}

/** What encodeWords does, in slices. Throws UnusableText also if there are more than `maxWords` words. */
export function* encodeWordsInSlices(
  model: Encoder,
  text: string | readonly string[],
  maxWords = Number.POSITIVE_INFINITY,
): Sliced<EncodedWords> {
  const { manifest, tokenizer } = model;
  const spans = typeof text === 'string' ? splitWords(text) : joinedSpans(text);
  const strings = typeof text === 'string' ? spans.map(({ start, end }) => text.slice(start, end)) : text;
  if (spans.length > maxWords)
    throw new UnusableText(`expected at most ${maxWords} words, found ${spans.length}`);
  const room = manifest.maxLength - tokenizer.specialTokens;
  const words: (readonly number[])[] = [];
  for (let start = 0; start < strings.length; start += WORDS_PER_SLICE) {
    const encoded = tokenizer.encodeWords(strings.slice(start, start + WORDS_PER_SLICE));
    for (const ids of encoded) words.push(ids.slice(0, room));
    yield;
  }
  const wordTokens = words.reduce((sum, ids) => sum + ids.length, 0);
  if (wordTokens === 0) return { spans, words, windows: [], sequences: [], tokens: 0 };
  const windows = planWindows(words, room);
  const sequences: Sequence[] = [];
  for (const { startWord, endWord } of windows) {
    sequences.push(sequenceOfWords(model, words.slice(startWord, endWord)));
    yield;
  }
  return { spans, words, windows, sequences, tokens: wordTokens + tokenizer.specialTokens };
}

/** A few milliseconds of work. */
const WORDS_PER_SLICE = 500;

/** The sequences of a text, whatever the model's task. Throws UnusableText as encodeText and encodeWords do. */
export function sequencesOf(model: Encoder, text: string): readonly Sequence[] {
  return model.manifest.task === 'sequence'
    ? encodeText(model, text).sequences
    : encodeWords(model, text).sequences;
}

/** The sequence of a text, or of one of its windows. */
function sequenceOfText(model: Encoder, ids: Int32Array): Sequence {
  // A special token around the text is enough, as it is for transformers.
  if (ids.length === 0) throw new UnusableText('the text has no token that this tokenizer knows');
  checkTokens(model, ids);
  const { pooling, padTokenId } = model.manifest;
  const headPositions = pooling === 'last' ? Int32Array.of(lastPosition(ids, padTokenId)) : new Int32Array(0);
  return { ids, headPositions };
}

/** One sequence of a run of words. The label head reads the first token of each word that has one. */
function sequenceOfWords(model: Encoder, words: WordTokens): Sequence {
  const headPositions: number[] = [];
  let position = model.tokenizer.prefixLength;
  for (const ids of words) {
    if (ids.length > 0) headPositions.push(position);
    position += ids.length;
  }
  const ids = model.tokenizer.joinWords(words);
  checkTokens(model, ids);
  return { ids, headPositions: Int32Array.from(headPositions) };
}

/** The position of each word in the text that joins them with spaces. */
function joinedSpans(words: readonly string[]): Span[] {
  let start = 0;
  return words.map(word => {
    const span = { start, end: start + word.length };
    start = span.end + 1;
    return span;
  });
}

/** A tokenizer may have had tokens added that the base model has no embedding for. */
export function checkTokens({ manifest }: Encoder, ids: Int32Array): void {
  const unknown = ids.find(id => id >= manifest.vocabSize);
  if (unknown === undefined) return;
  throw new UnusableText(
    `the text has the token ${unknown}, the model has embeddings of ${manifest.vocabSize} tokens`,
  );
}

/**
 * The rightmost token that is not padding, which transformers' ForSequenceClassification classes read; the first token
 * if all are padding.
 */
function lastPosition(ids: Int32Array, padTokenId: number | null): number {
  return Math.max(
    0,
    ids.findLastIndex(id => id !== padTokenId),
  );
}
