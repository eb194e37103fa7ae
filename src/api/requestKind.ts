// What distinguishes one kind of prediction request from another: how its body is read, and how its answer is made.

import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Sequence } from '../engine/sequence.js';
import type { TextModel } from '../predictor/model.js';
import type { Priority } from '../scheduler/job.js';
import type { Sliced } from '../slices.js';
import type { Answer } from './answer.js';
import type { ErrorShape } from './problem.js';

/** A model as a request sees it, apart from the engines. */
export interface RequestModel extends TextModel {
  readonly name: string;
}

/** A text, or one that is split into words. */
export type Text = string | readonly string[];

export interface Texts {
  readonly texts: readonly Text[];
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
export interface ComputedRequest<Body, Encoded extends EncodedTexts> {
  readonly model: RequestModel;
  readonly body: Body;
  readonly texts: readonly Text[];
  /** One for each text. */
  readonly encoded: readonly Encoded[];
  /** The logits of all sequences. */
  readonly rows: readonly Float32Array[];
}

export interface RequestKind<Body, Encoded extends EncodedTexts> {
  /** The form of errors; problem documents unless it is given. */
  readonly errorShape?: ErrorShape;
  readonly check: ValidateFunction<Body>;
  fieldsOf(body: Body): RequestFields;
  /** Throws Problem if the texts are too many. */
  textsOf(body: Body): Texts;
  /** Encodes the texts, in order. Throws UnusableText for one that the model cannot use. */
  encode(model: TextModel, texts: readonly Text[], body: Body): Generator<Encoded | undefined>;
  answer(request: ComputedRequest<Body, Encoded>): Sliced<Answer>;
}

/** A request of any kind. */
export type AnyRequestKind = RequestKind<unknown, EncodedTexts>;

/** The one or more texts of a field. */
export function textsOfField(field: string, value: string | readonly string[]): Texts {
  return typeof value === 'string'
    ? { texts: [value], pathOf: () => `/${field}` }
    : { texts: value, pathOf: index => `/${field}/${index}` };
}

export function tokensOf(encoded: readonly EncodedTexts[]): number {
  return encoded.reduce((sum, { tokens }) => sum + tokens, 0);
}
