// POST /classify: class probabilities of texts.

import type { RequestHandler } from 'express';
import { type Classification, classify } from '../../predictor/classifier.js';
import type { LoadedModel, Urgency } from '../../predictor/predictor.js';
import { read } from '../../predictor/reader.js';
import type { ServerContext } from '../context.js';
import { unprocessable } from '../problems.js';
import { schemaOf, validated } from '../validation.js';
import { selectModel, urgencyOf } from './select.js';

interface ClassifyRequest {
  readonly inputs: string | readonly string[];
  readonly model?: string;
  readonly top_k?: number;
  readonly truncate?: boolean;
  readonly threshold?: number;
  readonly timeout_ms?: number;
}

const checkRequest = schemaOf<ClassifyRequest>('ClassifyRequest');

export function classifyRoute({ store, metrics }: ServerContext): RequestHandler {
  return async (request, response) => {
    const body = validated(checkRequest, request.body);
    const urgency = urgencyOf(response, body.timeout_ms);
    const model = selectModel(store, 'sequence', body.model);
    response.locals.model = model.name;

    const stopTokenizing = metrics.tokenizeDuration.startTimer();
    const texts = await readInputs(model, body, urgency);
    stopTokenizing();
    const results = await classify(model, texts, urgency);

    for (const { label } of results) metrics.predictions.inc({ model: model.name, label });
    response.json({
      model: model.name,
      results: results.map(result => answer(result, model, body)),
      usage: { tokens: results.reduce((sum, { tokens }) => sum + tokens, 0) },
    });
  };
}

async function readInputs(model: LoadedModel, { inputs, truncate }: ClassifyRequest, urgency: Urgency) {
  const one = typeof inputs === 'string';
  const found = await read(model, { kind: 'texts', texts: one ? [inputs] : inputs, truncate }, urgency);
  if ('unusable' in found) throw unprocessable(one ? '/inputs' : `/inputs/${found.index}`, found.unusable);
  return found;
}

function answer(result: Classification, model: LoadedModel, { top_k, threshold = 0.5 }: ClassifyRequest) {
  const { label, score, tokens, truncated } = result;
  const ranked = Object.entries(result.probabilities).sort(([, a], [, b]) => b - a);
  const probabilities =
    top_k === undefined ? result.probabilities : Object.fromEntries(ranked.slice(0, top_k));
  const labels = ranked.filter(([, p]) => p >= threshold).map(([name, p]) => ({ label: name, score: p }));
  const multi = model.manifest.problemType === 'multi';
  return { label, score, probabilities, ...(multi && { labels }), tokens, truncated };
}
