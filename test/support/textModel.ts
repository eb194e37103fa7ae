// The parts of a model that encoding a text needs, without a model folder.

import type { Manifest } from '../../dist/model/manifest.js';
import type { TextModel } from '../../dist/predictor/model.js';
import type { Tokenizer } from '../../dist/text/tokenizer.js';

export function textModel(
  tokenizer: Tokenizer,
  manifest: Pick<Manifest, 'labels' | 'maxLength'> & Partial<Manifest>,
): TextModel {
  return { tokenizer, manifest: { task: 'token', vocabSize: 1e9, ...manifest } as Manifest };
}
