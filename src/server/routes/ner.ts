// POST /ner: entity spans of texts, raw or split into words.

import type { RequestHandler } from 'express';
import { locate } from '../../predictor/locate.js';
import { encodeWords, type Tagging, tag } from '../../predictor/tagger.js';
import type { OffsetUnit } from '../../text/offsets.js';
import { type Span, splitWords } from '../../text/words.js';
import type { ServerContext } from '../context.js';
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

/** One text of a request: its words, and where they stand in it if it came whole. */
interface Input {
  readonly words: readonly string[];
  readonly source?: { readonly text: string; readonly spans: readonly Span[] };
}

const checkRequest = schemaOf<NerRequest>('NerRequest');

export function nerRoute({ store, metrics }: ServerContext): RequestHandler {
  return async (request, response) => {
    const body = validated(checkRequest, request.body);
    const urgency = urgencyOf(response, body.timeout_ms);
    const model = selectModel(store, 'token', body.model);
    response.locals.model = model.name;

    const stopTokenizing = metrics.tokenizeDuration.startTimer();
    const inputs = inputsOf(body);
    const encoded = inputs.map(({ words }) => encodeWords(model, words));
    stopTokenizing();
    const taggings = await tag(model, encoded, urgency);

    for (const { label } of taggings.flatMap(({ entities }) => entities))
      metrics.predictions.inc({ model: model.name, label });
    response.json({
      model: model.name,
      results: taggings.map((tagging, i) => answer(tagging, inputs[i]!, body)),
      usage: { tokens: taggings.reduce((sum, { tokens }) => sum + tokens, 0) },
    });
  };
}

function inputsOf({ inputs, tokens }: NerRequest): Input[] {
  if (tokens) return tokens.map(words => ({ words }));
  return [inputs ?? []].flat().map(text => {
    const spans = splitWords(text);
    return { words: spans.map(({ start, end }) => text.slice(start, end)), source: { text, spans } };
  });
}

function answer(
  tagging: Tagging,
  { words, source }: Input,
  { threshold = 0, tags, offset_unit = 'codepoint' }: NerRequest,
) {
  const kept = tagging.entities.filter(({ score }) => score >= threshold);
  const { tokens } = tagging;
  if (!source) {
    const entities = kept.map(({ label, score, startWord, endWord }) => ({
      label,
      score,
      text: words.slice(startWord, endWord).join(' '),
      start_word: startWord,
      end_word: endWord,
    }));
    return { entities, tokens, ...(tags && { tags: tagging.tags }) };
  }
  const located = locate(source.text, source.spans, kept, offset_unit);
  return { entities: located.entities, tokens, ...(tags && { tags: tagging.tags, words: located.words }) };
}
