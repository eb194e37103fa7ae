// Sequence classification: encoded texts to label probabilities.

import type { Manifest } from '../model/manifest.js';
import { sigmoid, softmax } from '../text/probabilities.js';
import type { EncodedText, LongText } from './encode.js';
import type { LoadedModel, Urgency } from './model.js';

export interface Classification {
  /** The most probable label; the name of the value in a regression. */
  readonly label: string;
  /** The probability of that label; the value itself in a regression. */
  readonly score: number;
  /** The probability of every label, in the order of the head's rows; undefined in a regression. */
  readonly probabilities?: Record<string, number>;
  /** The logits before softmax or sigmoid: [labels]. */
  readonly logits: Float32Array;
  /** Tokens of the text that are read, each counted once, plus the special tokens of one sequence. */
  readonly tokens: number;
  readonly truncated: boolean;
}

/**
 * Classifies encoded texts; results in their order. `longText` says how the logits of a text's windows are combined.
 * Throws the errors of Scheduler.submit.
 */
export async function classify(
  model: LoadedModel,
  texts: readonly EncodedText[],
  urgency: Urgency,
  longText: LongText = 'truncate',
): Promise<Classification[]> {
  const sequences = texts.flatMap(text => text.sequences);
  const rows = await model.run(sequences, urgency);
  return [...classifications(model.manifest, texts, rows, longText)];
}

/** The classification of each text, in order. `rows` are the logits of all the texts' sequences. */
export function* classifications(
  manifest: Manifest,
  texts: readonly EncodedText[],
  rows: readonly Float32Array[],
  longText: LongText,
): Generator<Classification> {
  let next = 0;
  for (const { sequences, tokens, truncated } of texts) {
    const logits = textLogits(rows.slice(next, next + sequences.length), longText);
    next += sequences.length;
    yield { ...classification(manifest, logits), tokens, truncated };
  }
}

/** The logits of a text, [labels], from those of its windows: of the only one, where the text fits the model. */
function textLogits(windows: readonly Float32Array[], longText: LongText): Float32Array {
  return windows[0]!.map((_, label) => {
    const values = windows.map(logits => logits[label]!);
    return longText === 'max'
      ? values.reduce((a, b) => Math.max(a, b))
      : values.reduce((a, b) => a + b) / values.length;
  });
}

function classification({ labels, problemType, temperature }: Manifest, logits: Float32Array) {
  if (problemType === 'regression') return { label: labels[0]!, score: logits[0]!, logits };
  const values = PROBABILITIES[problemType](logits, temperature, labels.length);
  const best = values.indexOf(Math.max(...values));
  return {
    label: labels[best]!,
    score: values[best]!,
    probabilities: Object.fromEntries(labels.map((label, row) => [label, values[row]!])),
    logits,
  };
}

const PROBABILITIES = {
  single: softmax,
  multi: sigmoid,
  /** The one row is the logit of yes. Against no, whose logit is 0, softmax gives the same probability as the sigmoid. */
  binary: ([yes]: Float32Array, temperature: number | undefined, labels: number) =>
    labels === 2
      ? softmax(Float32Array.of(0, yes!), temperature)
      : sigmoid(Float32Array.of(yes!), temperature),
};
