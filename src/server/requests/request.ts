// A request to a model, in three steps: its body is parsed, its texts are encoded, and the answer is made of their
// logits. The steps are the same in the HTTP thread and in the worker thread.

import type { Answer } from '../../api/answer.js';
import type { RequestBody } from '../../api/body.js';
import { type ErrorShape, Problem, unprocessable } from '../../api/problem.js';
import {
  type AnyRequestKind,
  type EncodedTexts,
  isPair,
  type RequestFields,
  type RequestModel,
  type Text,
  type Texts,
} from '../../api/requestKind.js';
import { validated } from '../../api/validation.js';
import type { Sequence } from '../../engine/sequence.js';
import { UserError } from '../../errors.js';
import { UnusableText } from '../../predictor/encode.js';
import type { Sliced } from '../../slices.js';
import { KINDS, type KindName } from './kinds.js';

/** The part of a request by which its model and its urgency are chosen. */
export interface ParsedRequest extends RequestFields {
  /** The size of all texts, in UTF-16 units. */
  readonly size: number;
  /** The form of errors from here on; that of the path unless it is given. */
  readonly errorShape: ErrorShape | undefined;
}

/** Its methods are called once each, in their order here. They throw Problem for a request that is refused. */
export class PredictionRequest {
  readonly #name: KindName;
  #kind!: AnyRequestKind;
  #body: unknown;
  #texts!: Texts<Text>;
  #model!: RequestModel;
  readonly #encoded: EncodedTexts[] = [];

  constructor(name: KindName) {
    this.#name = name;
  }

  parse(bytes: RequestBody): ParsedRequest {
    const { read, kindOf } = KINDS[this.#name];
    const json = read(bytes);
    this.#kind = kindOf(json);
    const { errorShape, check } = this.#kind;
    try {
      this.#body = validated(check, json);
      this.#texts = this.#kind.textsOf(this.#body);
    } catch (error) {
      if (!(error instanceof Problem) || !errorShape) throw error;
      throw new Problem(error.status, error.message, { ...error.options, shape: errorShape });
    }
    return { ...this.#kind.fieldsOf(this.#body), size: sizeOf(this.#texts.texts), errorShape };
  }

  *encode(model: RequestModel): Sliced<Sequence[]> {
    this.#model = model;
    try {
      for (const encoded of this.#kind.encode(model, this.#texts.texts, this.#body)) {
        if (encoded) this.#encoded.push(encoded);
        yield;
      }
    } catch (error) {
      // A tokenizer throws UserError for a text on which its pattern takes too long, or which its normalizer makes too long.
      if (!(error instanceof UnusableText || error instanceof UserError)) throw error;
      throw unprocessable(this.#texts.pathOf(this.#encoded.length), error.message);
    }
    return this.#encoded.flatMap(({ sequences }) => sequences);
  }

  answer(rows: readonly Float32Array[]): Sliced<Answer> {
    return this.#kind.answer({
      model: this.#model,
      body: this.#body,
      texts: this.#texts.texts,
      encoded: this.#encoded,
      rows,
    });
  }
}

function sizeOf(texts: readonly Text[]): number {
  let size = 0;
  for (const text of texts) {
    if (typeof text === 'string') size += text.length;
    else if (isPair(text)) size += text.text.length + text.text_pair.length;
    else for (const word of text) size += word.length;
  }
  return size;
}
