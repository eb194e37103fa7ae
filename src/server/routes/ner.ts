// POST /ner: entity spans of texts, raw or split into words.

import type { RequestHandler } from 'express';
import type { EncodedWords } from '../../predictor/encode.js';
import { locate } from '../../predictor/locate.js';
import { type Tagging, tag } from '../../predictor/tag.js';
import type { OffsetUnit } from '../../text/offsets.js';
import type { ServerContext } from '../context.js';
import { schemaOf, validated } from '../validation.js';
import { encodeTexts } from './encode.js';
import { selectModel, urgencyOf } from './select.js';

interface NerRequest {
  readonly inputs?: string | readonly string[];
  readonly tokens?: readonly (readonly string[])[];
  readonly model?: string;
  readonly offset_unit?: OffsetUnit;
  readonly tags?: boolean;
  readonly threshold?: number;
  readonly timeout_ms?: number;
}

const checkRequest = schemaOf<NerRequest>('NerRequest');

export function nerRoute(context: ServerContext): RequestHandler {
  const { store, metrics } = context;
  return async (request, response) => {
    const body = validated(checkRequest, request.body);
    const urgency = urgencyOf(response, body.timeout_ms);
    const model = selectModel(store, 'token', body.model);
    response.locals.model = model.name;

    const texts = body.tokens ?? [body.inputs ?? []].flat();
    const field = body.tokens ? '/tokens' : '/inputs';
    const pathOf = (index: number) => (typeof body.inputs === 'string' ? field : `${field}/${index}`);
    const encoded = await encodeTexts(context, model, { kind: 'words', texts }, pathOf, urgency);
    const taggings = await tag(model, encoded, urgency);

    for (const { label } of taggings.flatMap(({ entities }) => entities))
      metrics.predictions.inc({ model: model.name, label });
    response.json({
      model: model.name,
      results: taggings.map((tagging, i) => answer(tagging, texts[i]!, encoded[i]!, body)),
      usage: { tokens: taggings.reduce((sum, { tokens }) => sum + tokens, 0) },
    });
  };
}

function answer(
  tagging: Tagging,
  text: string | readonly string[],
  { spans }: EncodedWords,
  { threshold = 0, tags, offset_unit = 'codepoint' }: NerRequest,
) {
  const kept = tagging.entities.filter(({ score }) => score >= threshold);
  const { tokens } = tagging;
  if (typeof text !== 'string') {
    const entities = kept.map(({ label, score, startWord, endWord }) => ({
      label,
      score,
      text: text.slice(startWord, endWord).join(' '),
      start_word: startWord,
      end_word: endWord,
    }));
    return { entities, tokens, ...(tags && { tags: tagging.tags }) };
  }
  const located = locate(text, spans, kept, offset_unit);
  return { entities: located.entities, tokens, ...(tags && { tags: tagging.tags, words: located.words }) };
}
