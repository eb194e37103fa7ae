// POST /classify: label probabilities of texts.

import { type Classification, classifications } from '../predictor/classify.js';
import { type EncodedText, encodeText, type TextOptions } from '../predictor/encode.js';
import type { TextModel } from '../predictor/model.js';
import { jsonAnswer, type Result } from './answer.js';
import type { ClassifyRequest, ClassifyResponse } from './openapi.js';
import { type ComputedRequest, type RequestKind, textsOfField, tokensOf } from './requestKind.js';
import { schemaOf } from './validation.js';

/** What a request may ask for beside its texts. */
export type ClassifyOptions = Omit<ClassifyRequest, 'inputs'>;

/** What openapi.yaml says where a request asks for nothing. */
export const CLASSIFY_DEFAULTS: ClassifyOptions = {
  truncate: true,
  long_text: 'truncate',
  raw_scores: false,
  threshold: 0.5,
};

export const classifyKind: RequestKind<ClassifyRequest, EncodedText> = {
  check: schemaOf('ClassifyRequest'),

  fieldsOf: ({ model, timeout_ms: timeoutMs, priority }) => ({ model, timeoutMs, priority }),

  textsOf: ({ inputs }) => textsOfField('inputs', inputs),

  encode: (model, texts, { truncate, long_text: longText }) =>
    encodeEach(model, texts as readonly string[], { truncate, longText }),

  answer: request =>
    jsonAnswer(
      `{"model":${JSON.stringify(request.model.name)},"results":[`,
      classifyResults(request),
      `],"usage":{"tokens":${tokensOf(request.encoded)}}}`,
    ),
};

/** Encodes texts for a classifier, in order. Throws the errors of encodeText. */
export function* encodeEach(
  model: TextModel,
  texts: readonly string[],
  options: TextOptions = {},
): Generator<EncodedText> {
  for (const text of texts) yield encodeText(model, text, options);
}

/** The result of each text, as POST /classify answers it. */
export function* classifyResults({
  model,
  body,
  encoded,
  rows,
}: ComputedRequest<ClassifyOptions, EncodedText>): Generator<Result> {
  for (const result of classifications(model.manifest, encoded, rows, body.long_text))
    yield { json: resultOf(result, model, body), labels: [result.label] };
}

function resultOf(
  result: Classification,
  { manifest }: TextModel,
  { top_k, threshold, raw_scores }: ClassifyOptions,
): ClassifyResponse['results'][number] {
  const { label, score, tokens, truncated } = result;
  const logits = raw_scores && { logits: [...result.logits] };
  if (!result.probabilities) return { label, score, ...logits, tokens, truncated };
  const ranked = Object.entries(result.probabilities).sort(([, a], [, b]) => b - a);
  const probabilities =
    top_k === undefined ? result.probabilities : Object.fromEntries(ranked.slice(0, top_k));
  const labels = ranked.filter(([, p]) => p >= threshold).map(([name, p]) => ({ label: name, score: p }));
  const multi = manifest.problemType === 'multi';
  return { label, score, probabilities, ...(multi && { labels }), ...logits, tokens, truncated };
}
