// Runs a golden example on the same path as a request.

import { classify } from '../../dist/predictor/classify.js';
import { encodeText, encodeWords } from '../../dist/predictor/encode.js';
import { type LoadedModel, UNHURRIED } from '../../dist/predictor/model.js';
import { tag } from '../../dist/predictor/tag.js';
import type { Golden } from './fixtures.js';

/** Returns the example's token ids, and its logits as one flat list. */
export async function predictGolden(model: LoadedModel, golden: Golden) {
  if (golden.words) {
    const encoded = encodeWords(model, golden.words);
    const [tagging] = await tag(model, [encoded], UNHURRIED);
    return { ids: encoded.sequences[0]!.ids, logits: tagging!.logits.flatMap(row => [...row!]) };
  }
  const encoded = encodeText(model, golden.text!);
  const [classification] = await classify(model, [encoded], UNHURRIED);
  return { ids: encoded.sequences[0]!.ids, logits: [...classification!.logits] };
}
