// POST /ner: entities of texts, raw or split into words.

import type { RequestHandler } from 'express';
import type { EncodedWords } from '../../predictor/encode.js';
import { locate } from '../../predictor/locate.js';
import { type Tagging, tag } from '../../predictor/tag.js';
import type { ServerContext } from '../context.js';
import type { NerRequest, NerResponse } from '../openapi.js';
import { schemaOf, validated } from '../validation.js';
import { encodeTexts } from './encode.js';
import { selectModel, urgencyOf } from './select.js';

const checkRequest = schemaOf('NerRequest');

export function nerRoute(context: ServerContext): RequestHandler {
  const { store, metrics } = context;
  return async (request, response) => {
    const body = validated(checkRequest, request.body);
    const urgency = urgencyOf(response, body);
    const model = selectModel(store, response, 'token', body.model);

    const texts = body.tokens ?? [body.inputs ?? []].flat();
    const field = body.tokens ? '/tokens' : '/inputs';
    const pathOf = (index: number) => (typeof body.inputs === 'string' ? field : `${field}/${index}`);
    const encoded = await encodeTexts(context, model, { kind: 'words', texts }, pathOf, urgency);
    const taggings = await tag(model, encoded, urgency, body.decoding);

    for (const { label } of taggings.flatMap(({ entities }) => entities))
      metrics.predictions.inc({ model: model.name, label });
    const answer: NerResponse = {
      model: model.name,
      results: taggings.map((tagging, i) => resultOf(tagging, texts[i]!, encoded[i]!, body)),
      usage: { tokens: taggings.reduce((sum, { tokens }) => sum + tokens, 0) },
    };
    response.json(answer);
  };
}

function resultOf(
  tagging: Tagging,
  text: string | readonly string[],
  { spans }: EncodedWords,
  { threshold, tags, raw_scores, offset_unit }: NerRequest,
): NerResponse['results'][number] {
  const kept = tagging.entities.filter(({ score }) => score >= threshold);
  const { tokens } = tagging;
  const logits = raw_scores && { logits: tagging.logits.map(row => row && [...row]) };
  if (typeof text !== 'string') {
    const entities = kept.map(({ label, score, startWord, endWord }) => ({
      label,
      score,
      text: text.slice(startWord, endWord).join(' '),
      start_word: startWord,
      end_word: endWord,
    }));
    return { entities, tokens, ...(tags && { tags: tagging.tags }), ...logits };
  }
  const { entities, words } = locate(text, spans, kept, offset_unit);
  return { entities, tokens, ...(tags && { tags: tagging.tags, words }), ...logits };
}
