// A raw text to sequences of which every token gets a label, as transformers' pipeline("token-classification") reads it.

import type { Sequence } from '../../engine/sequence.js';
import { UserError } from '../../errors.js';
import type { Sliced } from '../../slices.js';
import type { LocatedToken } from '../../text/tokenizer.js';
import { checkTokens, UnusableText } from '../encode.js';
import type { TextModel } from '../model.js';
import type { AggregationStrategy } from './strategy.js';
import { tokenWindows } from './tokenWindows.js';

export interface TokenOptions {
  /** `none` unless it is given. */
  readonly aggregationStrategy?: AggregationStrategy;
  /**
   * A text over the model's maximum length is read in windows that overlap by so many tokens. Without it, the text is cut.
   */
  readonly stride?: number;
}

/** The tokens of one sequence, special tokens left out, and where they stand in the text, in UTF-16 units. */
export interface TokenWindow {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface EncodedTokens {
  /** One sequence per window; none if the text has no token. The label head reads every token that is not special. */
  readonly sequences: readonly Sequence[];
  readonly windows: readonly TokenWindow[];
  /** Tokens of the text that are read, each counted once, plus the special tokens of one sequence. */
  readonly tokens: number;
  /** Whether tokens were cut off to fit the model's maximum length. */
  readonly truncated: boolean;
}

/**
 * Encodes a text. Throws UserError for a stride that the pipeline refuses, and UnusableText if the text has a token that
 * the model has no embedding for, or its windows have more than `maxTokens` tokens together.
 */
export function* encodeTokens(
  model: TextModel,
  text: string,
  options: TokenOptions = {},
  maxTokens = Number.POSITIVE_INFINITY,
): Sliced<EncodedTokens> {
  const { manifest, tokenizer } = model;
  const room = manifest.maxLength - tokenizer.specialTokens;
  checkStride(options, room);
  const { stride } = options;
  // Where the end of the text is cut off, its tokens need not be found.
  const isEndCut = stride === undefined && tokenizer.truncationSide === 'right';
  const tokens = yield* locatedTokens(model, text, isEndCut ? room + 1 : Number.POSITIVE_INFINITY, maxTokens);
  const ranges = tokenWindows(tokens.length, room, stride, tokenizer.truncationSide);
  const read = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  if (read > maxTokens) throw tooMany(maxTokens, read);
  const windows: TokenWindow[] = [];
  const sequences: Sequence[] = [];
  for (const { start, end } of ranges) {
    const window = windowOf(model, text, tokens.slice(start, end));
    windows.push(window);
    sequences.push(sequenceOf(model, window));
    yield;
  }
  const isCut = stride === undefined && tokens.length > room;
  const count = isCut ? room : tokens.length;
  return { sequences, windows, tokens: count === 0 ? 0 : count + tokenizer.specialTokens, truncated: isCut };
}

function checkStride({ stride, aggregationStrategy = 'none' }: TokenOptions, room: number): void {
  if (stride === undefined) return;
  if (!Number.isInteger(stride) || stride < 0 || stride >= room) {
    throw new UserError(`stride: expected a whole number from 0 to ${room - 1}, found ${stride}`);
  }
  if (aggregationStrategy === 'none') {
    throw new UserError('stride: expected an aggregation strategy beside it, found none');
  }
}

/** A few milliseconds of work. */
const TOKENS_PER_SLICE = 2000;

/** The tokens of a text, the first `enough` of them. */
function* locatedTokens(
  { tokenizer }: TextModel,
  text: string,
  enough: number,
  maxTokens: number,
): Sliced<LocatedToken[]> {
  const tokens: LocatedToken[] = [];
  for (const token of tokenizer.locate(text)) {
    if (tokens.length === maxTokens) throw tooMany(maxTokens, 'more');
    tokens.push(token);
    if (tokens.length === enough) break;
    if (tokens.length % TOKENS_PER_SLICE === 0) yield;
  }
  return tokens;
}

function tooMany(maxTokens: number, found: unknown): UnusableText {
  return new UnusableText(`expected at most ${maxTokens} tokens, found ${found}`);
}

function windowOf({ tokenizer }: TextModel, text: string, tokens: readonly LocatedToken[]): TokenWindow {
  const trimmed = tokens.map((token, i) => tokenizer.trimmed(text, token, i === 0));
  return {
    ids: trimmed.map(({ id }) => id),
    starts: trimmed.map(({ start }) => start),
    ends: trimmed.map(({ end }) => end),
  };
}

function sequenceOf(model: TextModel, { ids: tokens }: TokenWindow): Sequence {
  const { tokenizer } = model;
  const ids = tokenizer.surround(tokens);
  checkTokens(model, ids);
  return { ids, headPositions: Int32Array.from(tokens, (_, i) => tokenizer.prefixLength + i) };
}
