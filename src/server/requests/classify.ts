// POST /classify: label probabilities of texts.

import { type Classification, classifications } from '../../predictor/classify.js';
import { type EncodedText, encodeText } from '../../predictor/encode.js';
import type { TextModel } from '../../predictor/model.js';
import { labelOrNull, noAbstention, thresholdOf } from '../../predictor/thresholds.js';
import type { ClassifyRequest, ClassifyResponse } from '../openapi.js';
import { unprocessable } from '../problems.js';
import { schemaOf } from '../validation.js';
import type { RequestKind } from './request.js';

export const classifyKind: RequestKind<ClassifyRequest, EncodedText> = {
  check: schemaOf('ClassifyRequest'),

  textsOf: ({ inputs }) =>
    typeof inputs === 'string'
      ? { texts: [inputs], pathOf: () => '/inputs' }
      : { texts: inputs, pathOf: index => `/inputs/${index}` },

  *encode(model, texts, { truncate, long_text: longText, abstain, threshold }) {
    const reason = abstain && noAbstention(model.manifest, threshold);
    if (reason) throw unprocessable('/abstain', reason);
    for (const text of texts as readonly string[]) yield encodeText(model, text, { truncate, longText });
  },

  *results(model, _texts, encoded, rows, body) {
    for (const result of classifications(model.manifest, encoded, rows, body.long_text)) {
      const json = resultOf(result, model, body);
      yield { json, labels: json.label === null ? [] : [json.label] };
    }
  },
};

/** A multi-label model lists the labels of at least this probability, unless the request or the model says otherwise. */
const LISTED_FROM = 0.5;

function resultOf(
  result: Classification,
  { manifest }: TextModel,
  { top_k, threshold, raw_scores, abstain }: ClassifyRequest,
): ClassifyResponse['results'][number] {
  const { score, tokens, truncated } = result;
  const label = abstain ? labelOrNull(result, manifest, threshold) : result.label;
  const logits = raw_scores && { logits: [...result.logits] };
  if (!result.probabilities) return { label, score, ...logits, tokens, truncated };
  const ranked = Object.entries(result.probabilities).sort(([, a], [, b]) => b - a);
  const probabilities =
    top_k === undefined ? result.probabilities : Object.fromEntries(ranked.slice(0, top_k));
  const listed = ranked.filter(([name, p]) => p >= (thresholdOf(name, manifest, threshold) ?? LISTED_FROM));
  const labels = listed.map(([name, p]) => ({ label: name, score: p }));
  const multi = manifest.problemType === 'multi';
  return { label, score, probabilities, ...(multi && { labels }), ...logits, tokens, truncated };
}
