// Sequence classification: texts to label probabilities.

import type { Sequence } from '../engine/batch.js';
import { sigmoid, softmax } from '../text/probabilities.js';
import {
  checkTokens,
  forward,
  type LoadedModel,
  type TextModel,
  UnusableText,
  type Urgency,
} from './predictor.js';

export interface Classification {
  /** The most probable label, and its probability. */
  readonly label: string;
  readonly score: number;
  /** Of every label, in the order of the head's rows. */
  readonly probabilities: Record<string, number>;
  /** Before softmax or sigmoid: [labels]. */
  readonly logits: Float32Array;
  /** Tokens read, special tokens counted. */
  readonly tokens: number;
  readonly truncated: boolean;
}

export interface EncodedText {
  readonly sequence: Sequence;
  readonly truncated: boolean;
}

/**
 * Encodes a text for a sequence classifier.
 * Throws UnusableText where it is only white space, is too long and `truncate` is false, or has an unknown token.
 */
export function encodeText(model: TextModel, text: string, truncate = true): EncodedText {
  const { manifest, tokenizer } = model;
  if (text.trim() === '') throw new UnusableText('the text is empty');
  const { ids, truncated, length } = tokenizer.encode(text, manifest.maxLength);
  if (truncated && !truncate) {
    throw new UnusableText(`the text has ${length} tokens, the model reads ${manifest.maxLength}`);
  }
  checkTokens(model, ids);
  const headPositions =
    manifest.pooling === 'last' ? Int32Array.of(lastPosition(ids, manifest.padTokenId)) : new Int32Array(0);
  return { sequence: { ids, headPositions }, truncated };
}

/** Classifies texts that were encoded; results in their order. Throws what Scheduler.submit throws. */
export async function classify(
  model: LoadedModel,
  texts: readonly EncodedText[],
  urgency: Urgency,
): Promise<Classification[]> {
  const rows = await forward(
    model,
    texts.map(text => text.sequence),
    urgency,
  );
  return texts.map(({ sequence, truncated }, i) => ({
    ...classification(model, rows[i]!),
    tokens: sequence.ids.length,
    truncated,
  }));
}

function classification({ manifest }: LoadedModel, logits: Float32Array) {
  const values = manifest.problemType === 'multi' ? sigmoid(logits) : softmax(logits);
  const best = values.indexOf(Math.max(...values));
  return {
    label: manifest.labels[best]!,
    score: values[best]!,
    probabilities: Object.fromEntries(manifest.labels.map((label, row) => [label, values[row]!])),
    logits,
  };
}

/** The rightmost token that is not padding, as transformers' ForSequenceClassification finds it; the first if all are. */
function lastPosition(ids: Int32Array, padTokenId: number | null): number {
  return Math.max(
    0,
    ids.findLastIndex(id => id !== padTokenId),
  );
}
