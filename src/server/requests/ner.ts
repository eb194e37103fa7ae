// POST /ner: entities of texts, raw or split into words.

import { type EncodedWords, encodeWordsInSlices } from '../../predictor/encode.js';
import { locate } from '../../predictor/locate.js';
import { type Tagging, taggings } from '../../predictor/tag.js';
import type { NerRequest, NerResponse } from '../openapi.js';
import { unprocessable } from '../problems.js';
import { schemaOf } from '../validation.js';
import type { RequestKind, Result, Text } from './request.js';

/** The most words of a request. Each takes some 200 bytes until the request is answered. */
const MAX_WORDS = 1_000_000;

export const nerKind: RequestKind<NerRequest, EncodedWords> = {
  check: schemaOf('NerRequest'),

  textsOf({ inputs, tokens }) {
    if (typeof inputs === 'string') return { texts: [inputs], pathOf: () => '/inputs' };
    if (inputs) return { texts: inputs, pathOf: index => `/inputs/${index}` };
    const words = tokens!.reduce((sum, list) => sum + list.length, 0);
    if (words > MAX_WORDS)
      throw unprocessable('/tokens', `expected at most ${MAX_WORDS} words, found ${words}`);
    return { texts: tokens!, pathOf: index => `/tokens/${index}` };
  },

  *encode(model, texts) {
    let room = MAX_WORDS;
    for (const text of texts) {
      const words = yield* encodeWordsInSlices(model, text, room);
      room -= words.spans.length;
      yield words;
    }
  },

  *results({ manifest }, texts, encoded, rows, body) {
    let index = 0;
    for (const tagging of taggings(manifest, encoded, rows, body.decoding)) {
      yield resultOf(tagging, texts[index]!, encoded[index]!, body);
      index++;
    }
  },
};

function resultOf(
  tagging: Tagging,
  text: Text,
  { spans }: EncodedWords,
  { threshold, tags, raw_scores, offset_unit }: NerRequest,
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
