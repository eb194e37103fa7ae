// POST /ner: entities of texts, raw or split into words.

import { type EncodedWords, encodeWordsInSlices } from '../predictor/encode.js';
import { locate } from '../predictor/locate.js';
import type { TextModel } from '../predictor/model.js';
import { type Tagging, taggings } from '../predictor/tag.js';
import { jsonAnswer, type Result } from './answer.js';
import type { NerRequest, NerResponse } from './openapi.js';
import { unprocessable } from './problem.js';
import { type ComputedRequest, type RequestKind, textsOfField, tokensOf } from './requestKind.js';
import { schemaOf } from './validation.js';

/** The most words of a request. Each takes some 200 bytes until the request is answered. */
const MAX_WORDS = 1_000_000;

/** What a request may ask for beside its texts. */
export type NerOptions = Omit<NerRequest, 'inputs' | 'tokens'>;

/** What openapi.yaml says where a request asks for nothing. */
export const NER_DEFAULTS: NerOptions = {
  offset_unit: 'codepoint',
  tags: false,
  raw_scores: false,
  threshold: 0,
};

/** A text, or one that is split into words. */
type TextOrWords = string | readonly string[];

export const nerKind: RequestKind<NerRequest, EncodedWords, TextOrWords> = {
  check: schemaOf('NerRequest'),

  fieldsOf: ({ model, timeout_ms: timeoutMs, priority }) => ({ model, timeoutMs, priority }),

  textsOf({ inputs, tokens }) {
    if (inputs !== undefined) return textsOfField('inputs', inputs);
    const words = tokens!.reduce((sum, list) => sum + list.length, 0);
    if (words > MAX_WORDS)
      throw unprocessable('/tokens', `expected at most ${MAX_WORDS} words, found ${words}`);
    return { texts: tokens!, pathOf: index => `/tokens/${index}` };
  },

  encode: encodeAllWords,

  answer: request =>
    jsonAnswer(
      `{"model":${JSON.stringify(request.model.name)},"results":[`,
      nerResults(request),
      `],"usage":{"tokens":${tokensOf(request.encoded)}}}`,
    ),
};

/** Encodes texts for a tagger, in order. Throws the errors of encodeWordsInSlices, also if they have too many words in all. */
export function* encodeAllWords(
  model: TextModel,
  texts: readonly TextOrWords[],
): Generator<EncodedWords | undefined> {
  let room = MAX_WORDS;
  for (const text of texts) {
    const words = yield* encodeWordsInSlices(model, text, room);
    room -= words.spans.length;
    yield words;
  }
}

/** The result of each text, as POST /ner answers it. */
export function* nerResults({
  model,
  body,
  texts,
  encoded,
  rows,
}: ComputedRequest<NerOptions, EncodedWords, TextOrWords>): Generator<Result> {
  let index = 0;
  for (const tagging of taggings(model.manifest, encoded, rows, body.decoding)) {
    yield resultOf(tagging, texts[index]!, encoded[index]!, body);
    index++;
  }
}

function resultOf(
  tagging: Tagging,
  text: TextOrWords,
  { spans }: EncodedWords,
  { threshold, tags, raw_scores, offset_unit }: NerOptions,
): Result & { json: NerResponse['results'][number] } {
  const predictions = tagging.entities;
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
    return { json: { entities, tokens, ...(tags && { tags: tagging.tags }), ...logits }, predictions };
  }
  const { entities, words } = locate(text, spans, kept, offset_unit);
  return { json: { entities, tokens, ...(tags && { tags: tagging.tags, words }), ...logits }, predictions };
}
