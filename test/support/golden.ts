// A golden example through the same path as a request: its token ids and its logits.

import { classify, encodeText } from '../../dist/predictor/classifier.js';
import type { LoadedModel } from '../../dist/predictor/predictor.js';
import { encodeWords, tag } from '../../dist/predictor/tagger.js';
import type { Golden } from './fixtures.js';

export const UNHURRIED = { deadline: Number.POSITIVE_INFINITY };

export async function predictGolden(model: LoadedModel, golden: Golden) {
  if (golden.words) {
    const encoded = encodeWords(model, golden.words);
    const [tagging] = await tag(model, [encoded], UNHURRIED);
    return { ids: encoded.sequences[0]!.ids, logits: tagging!.logits.flatMap(row => [...row!]) };
  }
  const encoded = encodeText(model, golden.text!);
  const [classification] = await classify(model, [encoded], UNHURRIED);
  return { ids: encoded.sequence.ids, logits: [...classification!.logits] };
}
