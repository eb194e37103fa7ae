// A request to a model, in three steps: its body is parsed, its texts are encoded, and the answer is made of their
// logits. The steps are the same in the HTTP thread and in the worker thread.

import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Sequence } from '../../engine/sequence.js';
import { UserError } from '../../errors.js';
import { parseJson } from '../../json.js';
import { UnusableText } from '../../predictor/encode.js';
import type { TextModel } from '../../predictor/model.js';
import type { Priority } from '../../scheduler/job.js';
import type { Sliced } from '../../slices.js';
import { decodeUtf8 } from '../../utf8.js';
import { Problem, unprocessable } from '../problems.js';
import { validated } from '../validation.js';

/** A model as a request sees it, apart from the engines. */
export interface RequestModel extends TextModel {
  readonly name: string;
}

/** A text, or one that is split into words. */
export type Text = string | readonly string[];

/** The fields of a body that the routes have in common. */
interface CommonFields {
  readonly model?: string;
  readonly timeout_ms?: number;
  readonly priority?: Priority;
}

interface EncodedTexts {
  readonly sequences: readonly Sequence[];
  readonly tokens: number;
}

/** What distinguishes a route from others. */
export interface RequestKind<Body extends CommonFields, Encoded extends EncodedTexts> {
  readonly check: ValidateFunction<Body>;
  /** The texts of a body, and the JSON pointer to each. Throws Problem 422 if they are too many. */
  textsOf(body: Body): { readonly texts: readonly Text[]; pathOf(index: number): string };
  /** Encodes the texts, in order. Throws UnusableText for one that the model cannot use. */
  encode(model: TextModel, texts: readonly Text[], body: Body): Generator<Encoded | undefined>;
  /** The result of each text, in order. `rows` are the logits of all sequences. */
  results(
    model: TextModel,
    texts: readonly Text[],
    encoded: readonly Encoded[],
    rows: readonly Float32Array[],
    body: Body,
  ): Generator<Result>;
}

export interface Result {
  /** As it is in the answer. */
  readonly json: object;
  /** What it predicts, for the metrics: the label of a text, or the entities in it. */
  readonly predictions: readonly Prediction[];
}

interface Prediction {
  readonly label: string;
  /** A probability; undefined for the value of a regression. */
  readonly score: number | undefined;
}

/** The part of a request by which its model and its urgency are chosen. */
export interface ParsedRequest {
  readonly model: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly priority: Priority | undefined;
  /** The size of all texts, in UTF-16 units. */
  readonly size: number;
}

export interface Answer {
  /** JSON in UTF-8. */
  readonly json: Uint8Array;
  /** How often each label is in it. */
  readonly labels: ReadonlyMap<string, number>;
  /** The scores of the first predictions in it. */
  readonly scores: readonly number[];
}

/** Enough to see how sure a model is, and few enough to count them while other requests wait. */
const MAX_SCORES = 100;

/** Its methods are called once each, in their order here. They throw Problem for a request that is refused. */
export class PredictionRequest<Body extends CommonFields, Encoded extends EncodedTexts> {
  readonly #kind: RequestKind<Body, Encoded>;
  #body!: Body;
  #texts!: readonly Text[];
  #pathOf!: (index: number) => string;
  #model!: RequestModel;
  readonly #encoded: Encoded[] = [];

  constructor(kind: RequestKind<Body, Encoded>) {
    this.#kind = kind;
  }

  parse(bytes: Uint8Array): ParsedRequest {
    this.#body = validated(this.#kind.check, parseBody(bytes));
    const { texts, pathOf } = this.#kind.textsOf(this.#body);
    this.#texts = texts;
    this.#pathOf = pathOf;
    const { model, timeout_ms: timeoutMs, priority } = this.#body;
    return { model, timeoutMs, priority, size: sizeOf(texts) };
  }

  *encode(model: RequestModel): Sliced<Sequence[]> {
    this.#model = model;
    try {
      for (const encoded of this.#kind.encode(model, this.#texts, this.#body)) {
        if (encoded) this.#encoded.push(encoded);
        yield;
      }
    } catch (error) {
      // A tokenizer throws UserError for a text on which its pattern takes too long, or which its normalizer makes too long.
      if (!(error instanceof UnusableText || error instanceof UserError)) throw error;
      throw unprocessable(this.#pathOf(this.#encoded.length), error.message);
    }
    return this.#encoded.flatMap(({ sequences }) => sequences);
  }

  *answer(rows: readonly Float32Array[]): Sliced<Answer> {
    const labels = new Map<string, number>();
    const scores: number[] = [];
    const parts: Buffer[] = [Buffer.from(`{"model":${JSON.stringify(this.#model.name)},"results":[`)];
    let separator = '';
    for (const result of this.#kind.results(this.#model, this.#texts, this.#encoded, rows, this.#body)) {
      parts.push(Buffer.from(separator + stringify(result.json)));
      for (const { label, score } of result.predictions) {
        labels.set(label, (labels.get(label) ?? 0) + 1);
        if (score !== undefined && scores.length < MAX_SCORES) scores.push(score);
      }
      separator = ',';
      yield;
    }
    const tokens = this.#encoded.reduce((sum, text) => sum + text.tokens, 0);
    parts.push(Buffer.from(`],"usage":{"tokens":${tokens}}}`));
    return { json: new Uint8Array(Buffer.concat(parts)), labels, scores };
  }
}

function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new Problem(400, 'expected JSON in the body, found an empty body');
  try {
    return parseJson(decodeUtf8(bytes));
  } catch (error) {
    if (error instanceof UserError) throw new Problem(400, `the body is not valid JSON: ${error.message}`);
    throw error;
  }
}

/** JSON of one result. A text of a million words can have more logits than the longest string holds. */
function stringify(result: object): string {
  try {
    return JSON.stringify(result);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem(422, 'the answer would be too long: send fewer words, or leave raw_scores out');
  }
}

function sizeOf(texts: readonly Text[]): number {
  let size = 0;
  for (const text of texts) {
    if (typeof text === 'string') size += text.length;
    else for (const word of text) size += word.length;
  }
  return size;
}
