// POST /ner: entity spans of texts, raw or split into words.

import type { RequestHandler } from 'express';
import { locate } from '../../predictor/locate.js';
import type { LoadedModel, Urgency } from '../../predictor/predictor.js';
import type { ReadWords } from '../../predictor/read.js';
import { read } from '../../predictor/reader.js';
import { type Tagging, tag } from '../../predictor/tagger.js';
import type { OffsetUnit } from '../../text/offsets.js';
import type { ServerContext } from '../context.js';
import { unprocessable } from '../problems.js';
import { schemaOf, validated } from '../validation.js';
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

export function nerRoute({ store, metrics }: ServerContext): RequestHandler {
  return async (request, response) => {
    const body = validated(checkRequest, request.body);
    const urgency = urgencyOf(response, body.timeout_ms);
    const model = selectModel(store, 'token', body.model);
    response.locals.model = model.name;

    const stopTokenizing = metrics.tokenizeDuration.startTimer();
    const texts = body.tokens ?? [body.inputs ?? []].flat();
    const found = await readTexts(model, texts, body, urgency);
    stopTokenizing();
    const taggings = await tag(
      model,
      found.map(({ encoded }) => encoded),
      urgency,
    );

    for (const { label } of taggings.flatMap(({ entities }) => entities))
      metrics.predictions.inc({ model: model.name, label });
    response.json({
      model: model.name,
      results: taggings.map((tagging, i) => answer(tagging, texts[i]!, found[i]!, body)),
      usage: { tokens: taggings.reduce((sum, { tokens }) => sum + tokens, 0) },
    });
  };
}

type Text = string | readonly string[];

async function readTexts(
  model: LoadedModel,
  texts: readonly Text[],
  { inputs, tokens }: NerRequest,
  urgency: Urgency,
): Promise<ReadWords[]> {
  const found = await read(model, { kind: 'words', texts }, urgency);
  if (!('unusable' in found)) return found;
  const field = tokens ? '/tokens' : '/inputs';
  throw unprocessable(typeof inputs === 'string' ? field : `${field}/${found.index}`, found.unusable);
}

function answer(
  tagging: Tagging,
  text: Text,
  { spans }: ReadWords,
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
  const located = locate(text, spans!, kept, offset_unit);
  return { entities: located.entities, tokens, ...(tags && { tags: tagging.tags, words: located.words }) };
}
