// POST /classify: label probabilities of texts.

import { type Classification, classifications } from '../../predictor/classify.js';
import { type EncodedText, encodeText } from '../../predictor/encode.js';
import type { TextModel } from '../../predictor/model.js';
import type { ClassifyRequest, ClassifyResponse } from '../openapi.js';
import { schemaOf } from '../validation.js';
import type { RequestKind } from './request.js';

export const classifyKind: RequestKind<ClassifyRequest, EncodedText> = {
  check: schemaOf('ClassifyRequest'),

  textsOf: ({ inputs }) =>
    typeof inputs === 'string'
      ? { texts: [inputs], pathOf: () => '/inputs' }
      : { texts: inputs, pathOf: index => `/inputs/${index}` },

  *encode(model, texts, { truncate, long_text: longText }) {
    for (const text of texts as readonly string[]) yield encodeText(model, text, { truncate, longText });
  },

  *results(model, _texts, encoded, rows, body) {
    for (const result of classifications(model.manifest, encoded, rows, body.long_text)) {
      const { label, score, probabilities } = result;
      const prediction = { label, score: probabilities ? score : undefined };
      yield { json: resultOf(result, model, body), predictions: [prediction] };
    }
  },
};

function resultOf(
  result: Classification,
  { manifest }: TextModel,
  { top_k, threshold, raw_scores }: ClassifyRequest,
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
