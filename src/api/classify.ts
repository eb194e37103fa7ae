// POST /classify: label probabilities of texts.

import { type Classification, classifications } from '../predictor/classify.js';
import { type EncodedText, encodeText, type TextOptions, type TextPair } from '../predictor/encode.js';
import type { TextModel } from '../predictor/model.js';
import { isListed, labelOrNull, noAbstention } from '../predictor/thresholds.js';
import { jsonAnswer, type Result } from './answer.js';
import type { ClassifyRequest, ClassifyResponse } from './openapi.js';
import { unprocessable } from './problem.js';
import { type ComputedRequest, type RequestKind, textsOfField, tokensOf } from './requestKind.js';
import { schemaOf } from './validation.js';

/** What a request may ask for beside its texts. */
export type ClassifyOptions = Omit<ClassifyRequest, 'inputs'>;

/** What openapi.yaml says where a request asks for nothing. */
export const CLASSIFY_DEFAULTS: ClassifyOptions = {
  truncate: true,
  long_text: 'truncate',
  raw_scores: false,
  abstain: false,
};

export const classifyKind: RequestKind<ClassifyRequest, EncodedText, string | TextPair> = {
  check: schemaOf('ClassifyRequest'),

  fieldsOf: ({ model, timeout_ms: timeoutMs, priority }) => ({ model, timeoutMs, priority }),

  textsOf: ({ inputs }) => textsOfField('inputs', inputs),

  *encode(model, texts, { truncate, long_text: longText, abstain, threshold }) {
    const reason = abstain && noAbstention(model.manifest, threshold);
    if (reason) throw unprocessable('/abstain', reason);
    yield* encodeEach(model, texts, { truncate, longText });
  },

  answer: request =>
    jsonAnswer(
      `{"model":${JSON.stringify(request.model.name)},"results":[`,
      classifyResults(request),
      `],"usage":{"tokens":${tokensOf(request.encoded)}}}`,
    ),
};

/** Encodes texts, or pairs of texts, for a classifier, in order. Throws the errors of encodeText. */
export function* encodeEach(
  model: TextModel,
  texts: readonly (string | TextPair)[],
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
}: ComputedRequest<ClassifyOptions, EncodedText, string | TextPair>): Generator<Result> {
  for (const result of classifications(model.manifest, encoded, rows, body.long_text)) {
    const json = resultOf(result, model, body);
    const { label } = json;
    const score = result.probabilities && result.score;
    yield { json, predictions: label === null ? [] : [{ label, score }] };
  }
}

function resultOf(
  result: Classification,
  { manifest }: TextModel,
  { top_k, threshold, raw_scores, abstain }: ClassifyOptions,
): ClassifyResponse['results'][number] {
  const { score, tokens, truncated } = result;
  const label = abstain ? labelOrNull(result, manifest, threshold) : result.label;
  const logits = raw_scores && { logits: [...result.logits] };
  if (!result.probabilities) return { label, score, ...logits, tokens, truncated };
  const ranked = Object.entries(result.probabilities).sort(([, a], [, b]) => b - a);
  const probabilities =
    top_k === undefined ? result.probabilities : Object.fromEntries(ranked.slice(0, top_k));
  const listed = ranked.filter(([name, p]) => isListed(name, p, manifest, threshold));
  const labels = listed.map(([name, p]) => ({ label: name, score: p }));
  const multi = manifest.problemType === 'multi';
  return { label, score, probabilities, ...(multi && { labels }), ...logits, tokens, truncated };
}
