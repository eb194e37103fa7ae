// What distinguishes one kind of prediction request from another: how its body is read, and how its answer is made.

import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Sequence } from '../engine/sequence.js';
import type { TextPair } from '../predictor/encode.js';
import type { TextModel } from '../predictor/model.js';
import type { Priority } from '../scheduler/job.js';
import type { Sliced } from '../slices.js';
import type { Answer } from './answer.js';
import type { ErrorShape } from './problem.js';

/** A model as a request sees it, apart from the engines. */
export interface RequestModel extends TextModel {
  readonly name: string;
}

/** A text, one that is split into words, or a pair of texts. */
export type Text = string | readonly string[] | TextPair;

export function isPair(text: Text): text is TextPair {
  return typeof text === 'object' && 'text_pair' in text;
}

export interface Texts<Item extends Text> {
  readonly texts: readonly Item[];
  /** The JSON pointer to a text. */
  pathOf(index: number): string;
}

/** The fields of a body by which the model and the urgency are chosen. */
export interface RequestFields {
  readonly model?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly priority?: Priority | undefined;
}

export interface EncodedTexts {
  readonly sequences: readonly Sequence[];
  readonly tokens: number;
}

/** A request whose texts have been run through the model. */
export interface ComputedRequest<Body, Encoded extends EncodedTexts, Item extends Text = string> {
  readonly model: RequestModel;
  readonly body: Body;
  readonly texts: readonly Item[];
  /** One for each text. */
  readonly encoded: readonly Encoded[];
  /** The logits of all sequences. */
  readonly rows: readonly Float32Array[];
}

/** `Item` is what it takes as a text. */
export interface RequestKind<Body, Encoded extends EncodedTexts, Item extends Text = string> {
  /** The form of errors; problem documents unless it is given. */
  readonly errorShape?: ErrorShape;
  readonly check: ValidateFunction<Body>;
  fieldsOf(body: Body): RequestFields;
  /** Throws Problem if the texts are too many. */
  textsOf(body: Body): Texts<Item>;
  /** Encodes the texts, in order. Throws UnusableText for one that the model cannot use. */
  encode(model: TextModel, texts: readonly Item[], body: Body): Generator<Encoded | undefined>;
  answer(request: ComputedRequest<Body, Encoded, Item>): Sliced<Answer>;
}

/** A request of any kind. */
export type AnyRequestKind = RequestKind<unknown, EncodedTexts, Text>;

/** The one or more texts, or pairs of texts, of a field. */
export function textsOfField<Item extends string | TextPair>(
  field: string,
  value: Item | readonly Item[],
): Texts<Item> {
  return Array.isArray(value)
    ? { texts: value, pathOf: index => `/${field}/${index}` }
    : { texts: [value as Item], pathOf: () => `/${field}` };
}

export function tokensOf(encoded: readonly EncodedTexts[]): number {
  return encoded.reduce((sum, { tokens }) => sum + tokens, 0);
}
