// Sequence classification: encoded texts to label probabilities.

import type { Manifest } from '../model/manifest.js';
import { sigmoid, softmax } from '../text/probabilities.js';
import type { EncodedText } from './encode.js';
import type { LoadedModel, Urgency } from './model.js';

export interface Classification {
  /** The most probable label. */
  readonly label: string;
  /** The probability of that label. */
  readonly score: number;
  /** The probability of every label, in the order of the head's rows. */
  readonly probabilities: Record<string, number>;
  /** The logits before softmax or sigmoid: [labels]. */
  readonly logits: Float32Array;
  /** Tokens of the text as the model reads it, special tokens counted. */
  readonly tokens: number;
  readonly truncated: boolean;
}

/** Classifies encoded texts; results in their order. Throws the errors of Scheduler.submit. */
export async function classify(
  model: LoadedModel,
  texts: readonly EncodedText[],
  urgency: Urgency,
): Promise<Classification[]> {
  const sequences = texts.map(text => text.sequence);
  const logits = await model.run(sequences, urgency);
  return texts.map(({ sequence, truncated }, i) => ({
    ...classification(model.manifest, logits[i]!),
    tokens: sequence.ids.length,
    truncated,
  }));
}

function classification({ labels, problemType }: Manifest, logits: Float32Array) {
  const values = problemType === 'multi' ? sigmoid(logits) : softmax(logits);
  const best = values.indexOf(Math.max(...values));
  return {
    label: labels[best]!,
    score: values[best]!,
    probabilities: Object.fromEntries(labels.map((label, row) => [label, values[row]!])),
    logits,
  };
}
