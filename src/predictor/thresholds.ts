// Thresholds of labels. Below them a classifier abstains, if it is asked to, and a multi-label model does not list a label.

import type { Manifest } from '../model/manifest.js';
import type { Classification } from './classify.js';

/**
 * The least probability with which a label is given: `threshold`, else the model's own for this label. Undefined where
 * there is neither.
 */
function thresholdOf(label: string, { thresholds }: Manifest, threshold?: number): number | undefined {
  if (threshold !== undefined) return threshold;
  return thresholds && Object.hasOwn(thresholds, label) ? thresholds[label] : undefined;
}

/** A multi-label model lists the labels of at least this probability, unless the request or the model says otherwise. */
const LISTED_FROM = 0.5;

/** Whether a multi-label model lists a label of this probability. */
export function isListed(
  label: string,
  probability: number,
  manifest: Manifest,
  threshold?: number,
): boolean {
  return probability >= (thresholdOf(label, manifest, threshold) ?? LISTED_FROM);
}

/** The label of a text, or null where its probability is below its threshold. A label without a threshold is given. */
export function labelOrNull(
  { label, score }: Pick<Classification, 'label' | 'score'>,
  manifest: Manifest,
  threshold?: number,
): string | null {
  return score < (thresholdOf(label, manifest, threshold) ?? 0) ? null : label;
}

/** Why a model cannot abstain, undefined where it can. */
export function noAbstention(manifest: Manifest, threshold?: number): string | undefined {
  if (manifest.task === 'token') return 'expected a classifier, found an entity tagger';
  if (manifest.problemType === 'regression') return 'expected a model with probabilities, found a regression';
  if (threshold !== undefined || Object.keys(manifest.thresholds ?? {}).length > 0) return undefined;
  return 'expected a threshold, or a model with thresholds of its own, found neither';
}
