// Runs a golden example on the same path as a request.

import { classify, encodeText } from '../../dist/predictor/classifier.js';
import type { LoadedModel } from '../../dist/predictor/predictor.js';
import { encodeWords, tag } from '../../dist/predictor/tagger.js';
import type { Golden } from './fixtures.js';

export const UNHURRIED = { deadline: Number.POSITIVE_INFINITY };

/** Returns the example's token ids, and its logits as one flat list. */
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
