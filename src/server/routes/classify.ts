// POST /classify: label probabilities of texts.

import type { RequestHandler } from 'express';
import { type Classification, classify } from '../../predictor/classify.js';
import type { LoadedModel } from '../../predictor/model.js';
import type { ServerContext } from '../context.js';
import type { ClassifyRequest, ClassifyResponse } from '../openapi.js';
import { schemaOf, validated } from '../validation.js';
import { encodeTexts } from './encode.js';
import { selectModel, urgencyOf } from './select.js';

const checkRequest = schemaOf('ClassifyRequest');

export function classifyRoute(context: ServerContext): RequestHandler {
  const { store, metrics } = context;
  return async (request, response) => {
    const body = validated(checkRequest, request.body);
    const urgency = urgencyOf(response, body);
    const model = selectModel(store, response, 'sequence', body.model);

    const { inputs, truncate, long_text: longText } = body;
    const isOne = typeof inputs === 'string';
    const task = { kind: 'texts', texts: isOne ? [inputs] : inputs, truncate, longText } as const;
    const pathOf = (index: number) => (isOne ? '/inputs' : `/inputs/${index}`);
    const texts = await encodeTexts(context, model, task, pathOf, urgency);
    const results = await classify(model, texts, urgency, longText);

    for (const { label } of results) metrics.predictions.inc({ model: model.name, label });
    const answer: ClassifyResponse = {
      model: model.name,
      results: results.map(result => resultOf(result, model, body)),
      usage: { tokens: results.reduce((sum, { tokens }) => sum + tokens, 0) },
    };
    response.json(answer);
  };
}

function resultOf(
  result: Classification,
  model: LoadedModel,
  { top_k, threshold, raw_scores }: ClassifyRequest,
): ClassifyResponse['results'][number] {
  const { label, score, tokens, truncated } = result;
  const logits = raw_scores && { logits: [...result.logits] };
  if (!result.probabilities) return { label, score, ...logits, tokens, truncated };
  const ranked = Object.entries(result.probabilities).sort(([, a], [, b]) => b - a);
  const probabilities =
    top_k === undefined ? result.probabilities : Object.fromEntries(ranked.slice(0, top_k));
  const labels = ranked.filter(([, p]) => p >= threshold).map(([name, p]) => ({ label: name, score: p }));
  const multi = model.manifest.problemType === 'multi';
  return { label, score, probabilities, ...(multi && { labels }), ...logits, tokens, truncated };
}
