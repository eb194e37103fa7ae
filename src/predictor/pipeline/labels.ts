// The logits of a text to what transformers' pipeline("text-classification") returns.

import type { Manifest } from '../../model/manifest.js';
import { sigmoid, softmax } from '../../text/probabilities.js';

export const FUNCTION_TO_APPLY = ['sigmoid', 'softmax', 'none'] as const;
export type FunctionToApply = (typeof FUNCTION_TO_APPLY)[number];

export interface LabelOptions {
  /** How many labels are returned, the most probable ones; null for all. 1 unless it is given. */
  readonly topK?: number | null;
  /** What turns logits into scores. By the model's problem type unless it is given. */
  readonly functionToApply?: FunctionToApply;
}

export interface PipelineLabel {
  readonly label: string;
  readonly score: number;
}

const FUNCTIONS: Readonly<
  Record<FunctionToApply, (logits: Float32Array, temperature?: number) => ArrayLike<number>>
> = {
  sigmoid,
  softmax,
  none: logits => logits,
};

const DEFAULTS = { single: 'softmax', multi: 'sigmoid', binary: 'sigmoid', regression: 'none' } as const;

/**
 * The labels of a text by descending score, those of equal score in the order of the head's rows. `logits` is [rows].
 */
export function pipelineLabels(
  { labels, problemType, temperature }: Pick<Manifest, 'labels' | 'problemType' | 'temperature'>,
  logits: Float32Array,
  { topK = 1, functionToApply = DEFAULTS[problemType] }: LabelOptions = {},
): PipelineLabel[] {
  const scores =
    logits.length < labels.length
      ? noAndYes(logits[0]!, functionToApply, temperature)
      : FUNCTIONS[functionToApply](logits, temperature);
  const ranked = labels
    .map((label, row) => ({ label, score: scores[row]! }))
    .sort((a, b) => b.score - a.score);
  return topK === null ? ranked : ranked.slice(0, topK);
}

/**
 * The two scores of a binary model with two labels. Its one row is the logit of yes, that of no is 0, and softmax gives
 * yes the same probability as the sigmoid. The pipeline knows only one label for such a head.
 */
function noAndYes(
  yes: number,
  functionToApply: FunctionToApply,
  temperature: number | undefined,
): ArrayLike<number> {
  const logits = Float32Array.of(0, yes);
  return functionToApply === 'none' ? logits : softmax(logits, temperature);
}
